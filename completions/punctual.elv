
use builtin;
use str;

set edit:completion:arg-completer[punctual] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'punctual'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'punctual'= {
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand hello 'Say hello'
            cand jupiter-sync 'Fetch the tokens that Jupiter lists and store the new ones'
            cand mem-report 'Give unused memory back and report the memory in use'
            cand exec 'Run any command once, with the guarantees of a job'
            cand daemon 'Run the jobs at their due times, on hosts without cron'
            cand check 'Check that all is well: configuration, files, schedules, crontab, hosts'
            cand jobs 'List every job: schedule, next due time, timeout, last run'
            cand next 'Show when jobs are due next, and what their schedules mean'
            cand trigger 'Run a job in the daemon now'
            cand pause 'Let a job''s due times pass without a run'
            cand resume 'Let a paused job run at its due times again'
            cand reload 'Let the daemon load its configuration anew'
            cand history 'List past runs, newest first'
            cand show 'Show one run whole: times, outcome, error, report'
            cand export 'Print the schedules as a crontab, systemd units or Kubernetes CronJobs'
            cand import 'Turn a crontab into jobs of a configuration file'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the man page, or write all of them into a directory'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'punctual;hello'= {
            cand --name 'Whom to greet'
            cand --if-running 'What to do when this job is running already'
            cand --ping-url 'Tell a monitor of start and end: GET URL/start, then URL or URL/EXIT_CODE'
            cand --metrics-dir 'Write figures about the run into this directory, for node_exporter''s textfile collector'
            cand --timeout 'End the run after this long, waiting and retries included (exit code 124)'
            cand --grace 'How long a cancelled run may take to end before it is given up (exit code 70)'
            cand --retries 'Try again this often when the job fails, with growing delays'
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;jupiter-sync'= {
            cand --api-url 'Where the API is'
            cand --tags 'Tags to fetch, separated by commas [default: verified,lst,stocks]'
            cand --from 'Read one list from a file, a URL or stdin (-) instead; gzip and zstd are recognised'
            cand --api-key-file 'File that holds the API key, instead of JUPITER_API_KEY'
            cand --max-delisted 'With --update: fail rather than mark more than this part of the stored tokens as vanished'
            cand --max-bytes 'Largest decoded size of one list'
            cand --batch-size 'Tokens that are stored together at most'
            cand --if-running 'What to do when this job is running already'
            cand --ping-url 'Tell a monitor of start and end: GET URL/start, then URL or URL/EXIT_CODE'
            cand --metrics-dir 'Write figures about the run into this directory, for node_exporter''s textfile collector'
            cand --timeout 'End the run after this long, waiting and retries included (exit code 124)'
            cand --grace 'How long a cancelled run may take to end before it is given up (exit code 70)'
            cand --retries 'Try again this often when the job fails, with growing delays'
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand --update 'Also refresh stored tokens that changed, and mark those that vanished or came back'
            cand --strict 'Fail on the first malformed element (exit code 76) instead of skipping it'
            cand --dry-run 'Report what would be done, and write nothing'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;mem-report'= {
            cand --max-rss 'Fail (exit code 1) when the resident memory is above this afterwards, such as 64MiB'
            cand --if-running 'What to do when this job is running already'
            cand --ping-url 'Tell a monitor of start and end: GET URL/start, then URL or URL/EXIT_CODE'
            cand --metrics-dir 'Write figures about the run into this directory, for node_exporter''s textfile collector'
            cand --timeout 'End the run after this long, waiting and retries included (exit code 124)'
            cand --grace 'How long a cancelled run may take to end before it is given up (exit code 70)'
            cand --retries 'Try again this often when the job fails, with growing delays'
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;exec'= {
            cand --name 'The job''s name: the key of its lock and its history'
            cand --if-running 'What to do when this job is running already'
            cand --ping-url 'Tell a monitor of start and end: GET URL/start, then URL or URL/EXIT_CODE'
            cand --metrics-dir 'Write figures about the run into this directory, for node_exporter''s textfile collector'
            cand --timeout 'End the run after this long, waiting and retries included (exit code 124)'
            cand --grace 'How long a cancelled run may take to end before it is given up (exit code 70)'
            cand --retries 'Try again this often when the job fails, with growing delays'
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;daemon'= {
            cand --max-running 'Runs that may be going at once; the others wait for a place [default: 1000]'
            cand --stop-timeout 'How long a stopping daemon waits for its runs before it cancels them [default: 30s]'
            cand --listen 'Answer /healthz, /readyz and /metrics (for Prometheus) over HTTP at this address, such as 127.0.0.1:9187'
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;check'= {
            cand --crontab 'Compare this crontab, not those that are installed'
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand --offline 'Ask no host whether it answers'
            cand --show-config 'Check nothing, but show every setting with its value and where that came from'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;jobs'= {
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;next'= {
            cand -n 'How many due times to show [default: 5; where all jobs are shown, 1 of each]'
            cand --number 'How many due times to show [default: 5; where all jobs are shown, 1 of each]'
            cand --after 'Only due times after this instant: RFC 3339, or a part such as 2026-11-24 [default: now]'
            cand --schedule 'A schedule in place of a job''s: cron fields, @daily, or every 10s'
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;trigger'= {
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;pause'= {
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;resume'= {
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;reload'= {
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;history'= {
            cand -n 'How many runs to list at most'
            cand --number 'How many runs to list at most'
            cand --since 'Only runs that started within this duration before now'
            cand --outcome 'Only runs that ended like this'
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;show'= {
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;export'= {
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand crontab 'Print a line for each job, for cronie, Debian''s cron or busybox''s crond'
            cand systemd 'Print a service and a timer for each job, for systemd'
            cand kubernetes 'Print a CronJob for each job, for Kubernetes'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'punctual;export;crontab'= {
            cand --binary 'Path of the binary on the machine that is to run it [default: that of this one]'
            cand --user 'Print lines for /etc/cron.d, which name the user that runs them'
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;export;systemd'= {
            cand --binary 'Path of the binary on the machine that is to run it [default: that of this one]'
            cand --out 'Write a file for each unit into this directory; printed is only what has no units'
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;export;kubernetes'= {
            cand --image 'The image that has punctual, and the commands of the jobs, in its PATH'
            cand --claim 'The PersistentVolumeClaim for the state directory'
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;export;help'= {
            cand crontab 'Print a line for each job, for cronie, Debian''s cron or busybox''s crond'
            cand systemd 'Print a service and a timer for each job, for systemd'
            cand kubernetes 'Print a CronJob for each job, for Kubernetes'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'punctual;export;help;crontab'= {
        }
        &'punctual;export;help;systemd'= {
        }
        &'punctual;export;help;kubernetes'= {
        }
        &'punctual;export;help;help'= {
        }
        &'punctual;import'= {
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand crontab 'Turn the lines of a crontab into jobs of a configuration file'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'punctual;import;crontab'= {
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand --system 'It is /etc/crontab or of /etc/cron.d, whose lines name the user that runs them'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;import;help'= {
            cand crontab 'Turn the lines of a crontab into jobs of a configuration file'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'punctual;import;help;crontab'= {
        }
        &'punctual;import;help;help'= {
        }
        &'punctual;completions'= {
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;man'= {
            cand --out 'Write one page per command into this directory'
            cand --config 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]'
            cand --database 'SQLite database for history and data [default: punctual.db in the state directory]'
            cand --state-dir 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]'
            cand --log-dir 'Also write a daily log file of JSON lines into this directory'
            cand --log-keep 'How many daily log files to keep [default: 14]'
            cand --log-format 'Form of the log on stderr [default: text]'
            cand --output 'Form of the report on stdout'
            cand --history-keep 'How long finished runs stay in the history [default: 90d]'
            cand --history-max 'How many runs of a job stay in the history [default: 10000]'
            cand -v 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand --verbose 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
            cand -q 'Say nothing but errors: no report, no progress, no warnings'
            cand --quiet 'Say nothing but errors: no report, no progress, no warnings'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'punctual;help'= {
            cand hello 'Say hello'
            cand jupiter-sync 'Fetch the tokens that Jupiter lists and store the new ones'
            cand mem-report 'Give unused memory back and report the memory in use'
            cand exec 'Run any command once, with the guarantees of a job'
            cand daemon 'Run the jobs at their due times, on hosts without cron'
            cand check 'Check that all is well: configuration, files, schedules, crontab, hosts'
            cand jobs 'List every job: schedule, next due time, timeout, last run'
            cand next 'Show when jobs are due next, and what their schedules mean'
            cand trigger 'Run a job in the daemon now'
            cand pause 'Let a job''s due times pass without a run'
            cand resume 'Let a paused job run at its due times again'
            cand reload 'Let the daemon load its configuration anew'
            cand history 'List past runs, newest first'
            cand show 'Show one run whole: times, outcome, error, report'
            cand export 'Print the schedules as a crontab, systemd units or Kubernetes CronJobs'
            cand import 'Turn a crontab into jobs of a configuration file'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the man page, or write all of them into a directory'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'punctual;help;hello'= {
        }
        &'punctual;help;jupiter-sync'= {
        }
        &'punctual;help;mem-report'= {
        }
        &'punctual;help;exec'= {
        }
        &'punctual;help;daemon'= {
        }
        &'punctual;help;check'= {
        }
        &'punctual;help;jobs'= {
        }
        &'punctual;help;next'= {
        }
        &'punctual;help;trigger'= {
        }
        &'punctual;help;pause'= {
        }
        &'punctual;help;resume'= {
        }
        &'punctual;help;reload'= {
        }
        &'punctual;help;history'= {
        }
        &'punctual;help;show'= {
        }
        &'punctual;help;export'= {
            cand crontab 'Print a line for each job, for cronie, Debian''s cron or busybox''s crond'
            cand systemd 'Print a service and a timer for each job, for systemd'
            cand kubernetes 'Print a CronJob for each job, for Kubernetes'
        }
        &'punctual;help;export;crontab'= {
        }
        &'punctual;help;export;systemd'= {
        }
        &'punctual;help;export;kubernetes'= {
        }
        &'punctual;help;import'= {
            cand crontab 'Turn the lines of a crontab into jobs of a configuration file'
        }
        &'punctual;help;import;crontab'= {
        }
        &'punctual;help;completions'= {
        }
        &'punctual;help;man'= {
        }
        &'punctual;help;help'= {
        }
    ]
    $completions[$command]
}
