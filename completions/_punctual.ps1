
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'punctual' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'punctual'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'punctual' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('hello', 'hello', [CompletionResultType]::ParameterValue, 'Say hello')
            [CompletionResult]::new('jupiter-sync', 'jupiter-sync', [CompletionResultType]::ParameterValue, 'Fetch the tokens that Jupiter lists and store the new ones')
            [CompletionResult]::new('mem-report', 'mem-report', [CompletionResultType]::ParameterValue, 'Give unused memory back and report the memory in use')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run any command once, with the guarantees of a job')
            [CompletionResult]::new('daemon', 'daemon', [CompletionResultType]::ParameterValue, 'Run the jobs at their due times, on hosts without cron')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check that all is well: configuration, files, schedules, crontab, hosts')
            [CompletionResult]::new('jobs', 'jobs', [CompletionResultType]::ParameterValue, 'List every job: schedule, next due time, timeout, last run')
            [CompletionResult]::new('next', 'next', [CompletionResultType]::ParameterValue, 'Show when jobs are due next, and what their schedules mean')
            [CompletionResult]::new('trigger', 'trigger', [CompletionResultType]::ParameterValue, 'Run a job in the daemon now')
            [CompletionResult]::new('pause', 'pause', [CompletionResultType]::ParameterValue, 'Let a job''s due times pass without a run')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Let a paused job run at its due times again')
            [CompletionResult]::new('reload', 'reload', [CompletionResultType]::ParameterValue, 'Let the daemon load its configuration anew')
            [CompletionResult]::new('history', 'history', [CompletionResultType]::ParameterValue, 'List past runs, newest first')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one run whole: times, outcome, error, report')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Print the schedules as a crontab, systemd units or Kubernetes CronJobs')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Turn a crontab into jobs of a configuration file')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the man page, or write all of them into a directory')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'punctual;hello' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Whom to greet')
            [CompletionResult]::new('--if-running', '--if-running', [CompletionResultType]::ParameterName, 'What to do when this job is running already')
            [CompletionResult]::new('--due', '--due', [CompletionResultType]::ParameterName, 'The due time that this run is for, which gets one run on all hosts: a time such as 2026-11-24T02:00:00Z, none, or auto. With PostgreSQL and without a terminal, auto is the job''s latest due time if that is at most a minute old; otherwise it is none')
            [CompletionResult]::new('--ping-url', '--ping-url', [CompletionResultType]::ParameterName, 'Tell a monitor of start and end: GET URL/start, then URL or URL/EXIT_CODE')
            [CompletionResult]::new('--metrics-dir', '--metrics-dir', [CompletionResultType]::ParameterName, 'Write figures about the run into this directory, for node_exporter''s textfile collector')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End the run after this long, waiting and retries included (exit code 124)')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'How long a cancelled run may take to end before it is given up (exit code 70)')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Try again this often when the job fails, with growing delays')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;jupiter-sync' {
            [CompletionResult]::new('--api-url', '--api-url', [CompletionResultType]::ParameterName, 'Where the API is')
            [CompletionResult]::new('--tags', '--tags', [CompletionResultType]::ParameterName, 'Tags to fetch, separated by commas [default: verified,lst,stocks]')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read one list from a file, a URL or stdin (-) instead; gzip and zstd are recognised')
            [CompletionResult]::new('--api-key-file', '--api-key-file', [CompletionResultType]::ParameterName, 'File that holds the API key, instead of JUPITER_API_KEY')
            [CompletionResult]::new('--max-delisted', '--max-delisted', [CompletionResultType]::ParameterName, 'With --update: fail rather than mark more than this part of the stored tokens as vanished')
            [CompletionResult]::new('--max-bytes', '--max-bytes', [CompletionResultType]::ParameterName, 'Largest decoded size of one list')
            [CompletionResult]::new('--batch-size', '--batch-size', [CompletionResultType]::ParameterName, 'Tokens that are stored together at most')
            [CompletionResult]::new('--if-running', '--if-running', [CompletionResultType]::ParameterName, 'What to do when this job is running already')
            [CompletionResult]::new('--due', '--due', [CompletionResultType]::ParameterName, 'The due time that this run is for, which gets one run on all hosts: a time such as 2026-11-24T02:00:00Z, none, or auto. With PostgreSQL and without a terminal, auto is the job''s latest due time if that is at most a minute old; otherwise it is none')
            [CompletionResult]::new('--ping-url', '--ping-url', [CompletionResultType]::ParameterName, 'Tell a monitor of start and end: GET URL/start, then URL or URL/EXIT_CODE')
            [CompletionResult]::new('--metrics-dir', '--metrics-dir', [CompletionResultType]::ParameterName, 'Write figures about the run into this directory, for node_exporter''s textfile collector')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End the run after this long, waiting and retries included (exit code 124)')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'How long a cancelled run may take to end before it is given up (exit code 70)')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Try again this often when the job fails, with growing delays')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('--update', '--update', [CompletionResultType]::ParameterName, 'Also refresh stored tokens that changed, and mark those that vanished or came back')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Fail on the first malformed element (exit code 76) instead of skipping it')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Report what would be done, and write nothing')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;mem-report' {
            [CompletionResult]::new('--max-rss', '--max-rss', [CompletionResultType]::ParameterName, 'Fail (exit code 1) when the resident memory is above this afterwards, such as 64MiB')
            [CompletionResult]::new('--if-running', '--if-running', [CompletionResultType]::ParameterName, 'What to do when this job is running already')
            [CompletionResult]::new('--due', '--due', [CompletionResultType]::ParameterName, 'The due time that this run is for, which gets one run on all hosts: a time such as 2026-11-24T02:00:00Z, none, or auto. With PostgreSQL and without a terminal, auto is the job''s latest due time if that is at most a minute old; otherwise it is none')
            [CompletionResult]::new('--ping-url', '--ping-url', [CompletionResultType]::ParameterName, 'Tell a monitor of start and end: GET URL/start, then URL or URL/EXIT_CODE')
            [CompletionResult]::new('--metrics-dir', '--metrics-dir', [CompletionResultType]::ParameterName, 'Write figures about the run into this directory, for node_exporter''s textfile collector')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End the run after this long, waiting and retries included (exit code 124)')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'How long a cancelled run may take to end before it is given up (exit code 70)')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Try again this often when the job fails, with growing delays')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;exec' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The job''s name: the key of its lock and its history')
            [CompletionResult]::new('--if-running', '--if-running', [CompletionResultType]::ParameterName, 'What to do when this job is running already')
            [CompletionResult]::new('--due', '--due', [CompletionResultType]::ParameterName, 'The due time that this run is for, which gets one run on all hosts: a time such as 2026-11-24T02:00:00Z, none, or auto. With PostgreSQL and without a terminal, auto is the job''s latest due time if that is at most a minute old; otherwise it is none')
            [CompletionResult]::new('--ping-url', '--ping-url', [CompletionResultType]::ParameterName, 'Tell a monitor of start and end: GET URL/start, then URL or URL/EXIT_CODE')
            [CompletionResult]::new('--metrics-dir', '--metrics-dir', [CompletionResultType]::ParameterName, 'Write figures about the run into this directory, for node_exporter''s textfile collector')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End the run after this long, waiting and retries included (exit code 124)')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'How long a cancelled run may take to end before it is given up (exit code 70)')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Try again this often when the job fails, with growing delays')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;daemon' {
            [CompletionResult]::new('--max-running', '--max-running', [CompletionResultType]::ParameterName, 'Runs that may be going at once; the others wait for a place [default: 1000]')
            [CompletionResult]::new('--stop-timeout', '--stop-timeout', [CompletionResultType]::ParameterName, 'How long a stopping daemon waits for its runs before it cancels them [default: 30s]')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Answer /healthz, /readyz and /metrics (for Prometheus) over HTTP at this address, such as 127.0.0.1:9187')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;check' {
            [CompletionResult]::new('--crontab', '--crontab', [CompletionResultType]::ParameterName, 'Compare this crontab, not those that are installed')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Do not ask whether the hosts answer that jobs, pings and webhooks need')
            [CompletionResult]::new('--show-config', '--show-config', [CompletionResultType]::ParameterName, 'Check nothing, but show every setting with its value and where that came from')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;jobs' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;next' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'How many due times to show [default: 5; where all jobs are shown, 1 of each]')
            [CompletionResult]::new('--number', '--number', [CompletionResultType]::ParameterName, 'How many due times to show [default: 5; where all jobs are shown, 1 of each]')
            [CompletionResult]::new('--after', '--after', [CompletionResultType]::ParameterName, 'Only due times after this instant: RFC 3339, or a part such as 2026-11-24 [default: now]')
            [CompletionResult]::new('--schedule', '--schedule', [CompletionResultType]::ParameterName, 'A schedule in place of a job''s: cron fields, @daily, or every 10s')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;trigger' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;pause' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;resume' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;reload' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;history' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'How many runs to list at most')
            [CompletionResult]::new('--number', '--number', [CompletionResultType]::ParameterName, 'How many runs to list at most')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only runs that started within this duration before now')
            [CompletionResult]::new('--outcome', '--outcome', [CompletionResultType]::ParameterName, 'Only runs that ended like this')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;show' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;export' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('crontab', 'crontab', [CompletionResultType]::ParameterValue, 'Print a line for each job, for cronie, Debian''s cron or busybox''s crond')
            [CompletionResult]::new('systemd', 'systemd', [CompletionResultType]::ParameterValue, 'Print a service and a timer for each job, for systemd')
            [CompletionResult]::new('kubernetes', 'kubernetes', [CompletionResultType]::ParameterValue, 'Print a CronJob for each job, for Kubernetes')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'punctual;export;crontab' {
            [CompletionResult]::new('--binary', '--binary', [CompletionResultType]::ParameterName, 'Path of the binary on the machine that is to run it [default: that of this one]')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Print lines for /etc/cron.d, which name the user that runs them')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;export;systemd' {
            [CompletionResult]::new('--binary', '--binary', [CompletionResultType]::ParameterName, 'Path of the binary on the machine that is to run it [default: that of this one]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write a file for each unit into this directory; printed is only what has no units')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;export;kubernetes' {
            [CompletionResult]::new('--image', '--image', [CompletionResultType]::ParameterName, 'The image that has punctual, and the commands of the jobs, in its PATH')
            [CompletionResult]::new('--claim', '--claim', [CompletionResultType]::ParameterName, 'The PersistentVolumeClaim for the state directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;export;help' {
            [CompletionResult]::new('crontab', 'crontab', [CompletionResultType]::ParameterValue, 'Print a line for each job, for cronie, Debian''s cron or busybox''s crond')
            [CompletionResult]::new('systemd', 'systemd', [CompletionResultType]::ParameterValue, 'Print a service and a timer for each job, for systemd')
            [CompletionResult]::new('kubernetes', 'kubernetes', [CompletionResultType]::ParameterValue, 'Print a CronJob for each job, for Kubernetes')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'punctual;export;help;crontab' {
            break
        }
        'punctual;export;help;systemd' {
            break
        }
        'punctual;export;help;kubernetes' {
            break
        }
        'punctual;export;help;help' {
            break
        }
        'punctual;import' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('crontab', 'crontab', [CompletionResultType]::ParameterValue, 'Turn the lines of a crontab into jobs of a configuration file')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'punctual;import;crontab' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('--system', '--system', [CompletionResultType]::ParameterName, 'Its lines name the user that runs them, as those of /etc/crontab and in /etc/cron.d do, which are known by their path')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;import;help' {
            [CompletionResult]::new('crontab', 'crontab', [CompletionResultType]::ParameterValue, 'Turn the lines of a crontab into jobs of a configuration file')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'punctual;import;help;crontab' {
            break
        }
        'punctual;import;help;help' {
            break
        }
        'punctual;completions' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;man' {
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write one page per command into this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it')
            [CompletionResult]::new('--database-file', '--database-file', [CompletionResultType]::ParameterName, 'File that holds the URL of the database, so that nobody sees its password in a list of processes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Also write a daily log file of JSON lines into this directory')
            [CompletionResult]::new('--log-keep', '--log-keep', [CompletionResultType]::ParameterName, 'How many daily log files to keep [default: 14]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on stderr [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Form of the report on stdout')
            [CompletionResult]::new('--history-keep', '--history-keep', [CompletionResultType]::ParameterName, 'How long finished runs stay in the history [default: 90d]')
            [CompletionResult]::new('--history-max', '--history-max', [CompletionResultType]::ParameterName, 'How many runs of a job stay in the history [default: 10000]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors: no report, no progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'punctual;help' {
            [CompletionResult]::new('hello', 'hello', [CompletionResultType]::ParameterValue, 'Say hello')
            [CompletionResult]::new('jupiter-sync', 'jupiter-sync', [CompletionResultType]::ParameterValue, 'Fetch the tokens that Jupiter lists and store the new ones')
            [CompletionResult]::new('mem-report', 'mem-report', [CompletionResultType]::ParameterValue, 'Give unused memory back and report the memory in use')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run any command once, with the guarantees of a job')
            [CompletionResult]::new('daemon', 'daemon', [CompletionResultType]::ParameterValue, 'Run the jobs at their due times, on hosts without cron')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check that all is well: configuration, files, schedules, crontab, hosts')
            [CompletionResult]::new('jobs', 'jobs', [CompletionResultType]::ParameterValue, 'List every job: schedule, next due time, timeout, last run')
            [CompletionResult]::new('next', 'next', [CompletionResultType]::ParameterValue, 'Show when jobs are due next, and what their schedules mean')
            [CompletionResult]::new('trigger', 'trigger', [CompletionResultType]::ParameterValue, 'Run a job in the daemon now')
            [CompletionResult]::new('pause', 'pause', [CompletionResultType]::ParameterValue, 'Let a job''s due times pass without a run')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Let a paused job run at its due times again')
            [CompletionResult]::new('reload', 'reload', [CompletionResultType]::ParameterValue, 'Let the daemon load its configuration anew')
            [CompletionResult]::new('history', 'history', [CompletionResultType]::ParameterValue, 'List past runs, newest first')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one run whole: times, outcome, error, report')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Print the schedules as a crontab, systemd units or Kubernetes CronJobs')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Turn a crontab into jobs of a configuration file')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the man page, or write all of them into a directory')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'punctual;help;hello' {
            break
        }
        'punctual;help;jupiter-sync' {
            break
        }
        'punctual;help;mem-report' {
            break
        }
        'punctual;help;exec' {
            break
        }
        'punctual;help;daemon' {
            break
        }
        'punctual;help;check' {
            break
        }
        'punctual;help;jobs' {
            break
        }
        'punctual;help;next' {
            break
        }
        'punctual;help;trigger' {
            break
        }
        'punctual;help;pause' {
            break
        }
        'punctual;help;resume' {
            break
        }
        'punctual;help;reload' {
            break
        }
        'punctual;help;history' {
            break
        }
        'punctual;help;show' {
            break
        }
        'punctual;help;export' {
            [CompletionResult]::new('crontab', 'crontab', [CompletionResultType]::ParameterValue, 'Print a line for each job, for cronie, Debian''s cron or busybox''s crond')
            [CompletionResult]::new('systemd', 'systemd', [CompletionResultType]::ParameterValue, 'Print a service and a timer for each job, for systemd')
            [CompletionResult]::new('kubernetes', 'kubernetes', [CompletionResultType]::ParameterValue, 'Print a CronJob for each job, for Kubernetes')
            break
        }
        'punctual;help;export;crontab' {
            break
        }
        'punctual;help;export;systemd' {
            break
        }
        'punctual;help;export;kubernetes' {
            break
        }
        'punctual;help;import' {
            [CompletionResult]::new('crontab', 'crontab', [CompletionResultType]::ParameterValue, 'Turn the lines of a crontab into jobs of a configuration file')
            break
        }
        'punctual;help;import;crontab' {
            break
        }
        'punctual;help;completions' {
            break
        }
        'punctual;help;man' {
            break
        }
        'punctual;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
