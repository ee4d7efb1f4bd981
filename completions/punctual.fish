# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_punctual_global_optspecs
    string join \n config= database= database-file= state-dir= log-dir= log-keep= log-format= output= history-keep= history-max= host= lease= v/verbose q/quiet h/help V/version
end

function __fish_punctual_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_punctual_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_punctual_using_subcommand
    set -l cmd (__fish_punctual_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c punctual -n "__fish_punctual_needs_command" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_needs_command" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_needs_command" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_needs_command" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_needs_command" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_needs_command" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_needs_command" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_needs_command" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_needs_command" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_needs_command" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_needs_command" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_needs_command" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_needs_command" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_needs_command" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_needs_command" -s V -l version -d 'Print version'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "hello" -d 'Say hello'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "jupiter-sync" -d 'Fetch the tokens that Jupiter lists and store the new ones'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "mem-report" -d 'Give unused memory back and report the memory in use'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "exec" -d 'Run any command once, with the guarantees of a job'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "daemon" -d 'Run the jobs at their due times, on hosts without cron'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "check" -d 'Check that all is well: configuration, files, schedules, crontab, hosts'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "jobs" -d 'List every job: schedule, next due time, timeout, last run'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "next" -d 'Show when jobs are due next, and what their schedules mean'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "trigger" -d 'Run a job in the daemon now'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "pause" -d 'Let a job\'s due times pass without a run'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "resume" -d 'Let a paused job run at its due times again'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "reload" -d 'Let the daemon load its configuration anew'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "history" -d 'List past runs, newest first'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "show" -d 'Show one run whole: times, outcome, error, report'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "export" -d 'Print the schedules as a crontab, systemd units or Kubernetes CronJobs'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "import" -d 'Turn a crontab into jobs of a configuration file'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "man" -d 'Print the man page, or write all of them into a directory'
complete -c punctual -n "__fish_punctual_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l name -d 'Whom to greet' -r
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l if-running -d 'What to do when this job is running already' -r -f -a "skip\t'End as `skipped`, silently, with exit code 0'
wait\t'Wait for it, until the deadline'
fail\t'End with exit code 75'"
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l due -d 'The due time that this run is for, which gets one run on all hosts: a time such as 2026-11-24T02:00:00Z, none, or auto. With PostgreSQL and without a terminal, auto is the job\'s latest due time if that is at most a minute old; otherwise it is none' -r
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l ping-url -d 'Tell a monitor of start and end: GET URL/start, then URL or URL/EXIT_CODE' -r -f
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l metrics-dir -d 'Write figures about the run into this directory, for node_exporter\'s textfile collector' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l timeout -d 'End the run after this long, waiting and retries included (exit code 124)' -r
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l grace -d 'How long a cancelled run may take to end before it is given up (exit code 70)' -r
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l retries -d 'Try again this often when the job fails, with growing delays' -r
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand hello" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand hello" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand hello" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand hello" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l api-url -d 'Where the API is' -r
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l tags -d 'Tags to fetch, separated by commas [default: verified,lst,stocks]' -r
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l from -d 'Read one list from a file, a URL or stdin (-) instead; gzip and zstd are recognised' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l api-key-file -d 'File that holds the API key, instead of JUPITER_API_KEY' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l max-delisted -d 'With --update: fail rather than mark more than this part of the stored tokens as vanished' -r
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l max-bytes -d 'Largest decoded size of one list' -r
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l batch-size -d 'Tokens that are stored together at most' -r
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l if-running -d 'What to do when this job is running already' -r -f -a "skip\t'End as `skipped`, silently, with exit code 0'
wait\t'Wait for it, until the deadline'
fail\t'End with exit code 75'"
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l due -d 'The due time that this run is for, which gets one run on all hosts: a time such as 2026-11-24T02:00:00Z, none, or auto. With PostgreSQL and without a terminal, auto is the job\'s latest due time if that is at most a minute old; otherwise it is none' -r
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l ping-url -d 'Tell a monitor of start and end: GET URL/start, then URL or URL/EXIT_CODE' -r -f
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l metrics-dir -d 'Write figures about the run into this directory, for node_exporter\'s textfile collector' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l timeout -d 'End the run after this long, waiting and retries included (exit code 124)' -r
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l grace -d 'How long a cancelled run may take to end before it is given up (exit code 70)' -r
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l retries -d 'Try again this often when the job fails, with growing delays' -r
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l update -d 'Also refresh stored tokens that changed, and mark those that vanished or came back'
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l strict -d 'Fail on the first malformed element (exit code 76) instead of skipping it'
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -l dry-run -d 'Report what would be done, and write nothing'
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand jupiter-sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l max-rss -d 'Fail (exit code 1) when the resident memory is above this afterwards, such as 64MiB' -r
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l if-running -d 'What to do when this job is running already' -r -f -a "skip\t'End as `skipped`, silently, with exit code 0'
wait\t'Wait for it, until the deadline'
fail\t'End with exit code 75'"
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l due -d 'The due time that this run is for, which gets one run on all hosts: a time such as 2026-11-24T02:00:00Z, none, or auto. With PostgreSQL and without a terminal, auto is the job\'s latest due time if that is at most a minute old; otherwise it is none' -r
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l ping-url -d 'Tell a monitor of start and end: GET URL/start, then URL or URL/EXIT_CODE' -r -f
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l metrics-dir -d 'Write figures about the run into this directory, for node_exporter\'s textfile collector' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l timeout -d 'End the run after this long, waiting and retries included (exit code 124)' -r
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l grace -d 'How long a cancelled run may take to end before it is given up (exit code 70)' -r
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l retries -d 'Try again this often when the job fails, with growing delays' -r
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand mem-report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l name -d 'The job\'s name: the key of its lock and its history' -r
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l if-running -d 'What to do when this job is running already' -r -f -a "skip\t'End as `skipped`, silently, with exit code 0'
wait\t'Wait for it, until the deadline'
fail\t'End with exit code 75'"
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l due -d 'The due time that this run is for, which gets one run on all hosts: a time such as 2026-11-24T02:00:00Z, none, or auto. With PostgreSQL and without a terminal, auto is the job\'s latest due time if that is at most a minute old; otherwise it is none' -r
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l ping-url -d 'Tell a monitor of start and end: GET URL/start, then URL or URL/EXIT_CODE' -r -f
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l metrics-dir -d 'Write figures about the run into this directory, for node_exporter\'s textfile collector' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l timeout -d 'End the run after this long, waiting and retries included (exit code 124)' -r
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l grace -d 'How long a cancelled run may take to end before it is given up (exit code 70)' -r
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l retries -d 'Try again this often when the job fails, with growing delays' -r
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand exec" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand exec" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand exec" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -l max-running -d 'Runs that may be going at once; the others wait for a place [default: 1000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -l stop-timeout -d 'How long a stopping daemon waits for its runs before it cancels them [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -l listen -d 'Answer /healthz, /readyz and /metrics (for Prometheus) over HTTP at this address, such as 127.0.0.1:9187' -r
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand daemon" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand check" -l crontab -d 'Compare this crontab, not those that are installed' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand check" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand check" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand check" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand check" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand check" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand check" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand check" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand check" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand check" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand check" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand check" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand check" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand check" -l offline -d 'Do not ask whether the hosts answer that jobs, pings and webhooks need'
complete -c punctual -n "__fish_punctual_using_subcommand check" -l show-config -d 'Check nothing, but show every setting with its value and where that came from'
complete -c punctual -n "__fish_punctual_using_subcommand check" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand check" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand jobs" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand jobs" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand jobs" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand jobs" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand jobs" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand jobs" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand jobs" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand jobs" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand jobs" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand jobs" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand jobs" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand jobs" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand jobs" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand jobs" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand jobs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand next" -s n -l number -d 'How many due times to show [default: 5; where all jobs are shown, 1 of each]' -r
complete -c punctual -n "__fish_punctual_using_subcommand next" -l after -d 'Only due times after this instant: RFC 3339, or a part such as 2026-11-24 [default: now]' -r
complete -c punctual -n "__fish_punctual_using_subcommand next" -l schedule -d 'A schedule in place of a job\'s: cron fields, @daily, or every 10s' -r
complete -c punctual -n "__fish_punctual_using_subcommand next" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand next" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand next" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand next" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand next" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand next" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand next" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand next" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand next" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand next" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand next" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand next" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand next" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand next" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand next" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand trigger" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand trigger" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand trigger" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand trigger" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand trigger" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand trigger" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand trigger" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand trigger" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand trigger" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand trigger" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand trigger" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand trigger" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand trigger" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand trigger" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand trigger" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand pause" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand pause" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand pause" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand pause" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand pause" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand pause" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand pause" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand pause" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand pause" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand pause" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand pause" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand pause" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand pause" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand pause" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand resume" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand resume" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand resume" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand resume" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand resume" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand resume" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand resume" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand resume" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand resume" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand resume" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand resume" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand resume" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand resume" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand resume" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand reload" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand reload" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand reload" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand reload" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand reload" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand reload" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand reload" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand reload" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand reload" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand reload" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand reload" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand reload" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand reload" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand reload" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand reload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand history" -s n -l number -d 'How many runs to list at most' -r
complete -c punctual -n "__fish_punctual_using_subcommand history" -l since -d 'Only runs that started within this duration before now' -r
complete -c punctual -n "__fish_punctual_using_subcommand history" -l outcome -d 'Only runs that ended like this' -r -f -a "succeeded\t''
failed\t''
timed_out\t''
cancelled\t''
skipped\t''
stuck\t''
panicked\t''
lost\t''"
complete -c punctual -n "__fish_punctual_using_subcommand history" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand history" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand history" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand history" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand history" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand history" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand history" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand history" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand history" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand history" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand history" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand history" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand history" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand history" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand show" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand show" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand show" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand show" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand show" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand show" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand show" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand show" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand show" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand show" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand show" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand show" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand show" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand show" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -f -a "crontab" -d 'Print a line for each job, for cronie, Debian\'s cron or busybox\'s crond'
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -f -a "systemd" -d 'Print a service and a timer for each job, for systemd'
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -f -a "kubernetes" -d 'Print a CronJob for each job, for Kubernetes'
complete -c punctual -n "__fish_punctual_using_subcommand export; and not __fish_seen_subcommand_from crontab systemd kubernetes help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -l binary -d 'Path of the binary on the machine that is to run it [default: that of this one]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -l user -d 'Print lines for /etc/cron.d, which name the user that runs them' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from crontab" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -l binary -d 'Path of the binary on the machine that is to run it [default: that of this one]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -l out -d 'Write a file for each unit into this directory; printed is only what has no units' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from systemd" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -l image -d 'The image that has punctual, and the commands of the jobs, in its PATH' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -l claim -d 'The PersistentVolumeClaim for the state directory' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from kubernetes" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from help" -f -a "crontab" -d 'Print a line for each job, for cronie, Debian\'s cron or busybox\'s crond'
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from help" -f -a "systemd" -d 'Print a service and a timer for each job, for systemd'
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from help" -f -a "kubernetes" -d 'Print a CronJob for each job, for Kubernetes'
complete -c punctual -n "__fish_punctual_using_subcommand export; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -f -a "crontab" -d 'Turn the lines of a crontab into jobs of a configuration file'
complete -c punctual -n "__fish_punctual_using_subcommand import; and not __fish_seen_subcommand_from crontab help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -l system -d 'Its lines name the user that runs them, as those of /etc/crontab and in /etc/cron.d do, which are known by their path'
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from crontab" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from help" -f -a "crontab" -d 'Turn the lines of a crontab into jobs of a configuration file'
complete -c punctual -n "__fish_punctual_using_subcommand import; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c punctual -n "__fish_punctual_using_subcommand completions" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand completions" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand completions" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand completions" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand completions" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand completions" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand completions" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand completions" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand completions" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand completions" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand completions" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand completions" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand completions" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand completions" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand man" -l out -d 'Write one page per command into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand man" -l config -d 'Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in $XDG_CONFIG_HOME or ~/.config]' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand man" -l database -d 'Database for history and data: a file of SQLite [default: punctual.db in the state directory], or a postgres:// URL where several hosts share it' -r
complete -c punctual -n "__fish_punctual_using_subcommand man" -l database-file -d 'File that holds the URL of the database, so that nobody sees its password in a list of processes' -r -F
complete -c punctual -n "__fish_punctual_using_subcommand man" -l state-dir -d 'Directory for database and locks [default: /var/lib/punctual for root, else $XDG_STATE_HOME/punctual or ~/.local/state/punctual]' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand man" -l log-dir -d 'Also write a daily log file of JSON lines into this directory' -r -f -a "(__fish_complete_directories)"
complete -c punctual -n "__fish_punctual_using_subcommand man" -l log-keep -d 'How many daily log files to keep [default: 14]' -r
complete -c punctual -n "__fish_punctual_using_subcommand man" -l log-format -d 'Form of the log on stderr [default: text]' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand man" -l output -d 'Form of the report on stdout' -r -f -a "text\t''
json\t''"
complete -c punctual -n "__fish_punctual_using_subcommand man" -l history-keep -d 'How long finished runs stay in the history [default: 90d]' -r
complete -c punctual -n "__fish_punctual_using_subcommand man" -l history-max -d 'How many runs of a job stay in the history [default: 10000]' -r
complete -c punctual -n "__fish_punctual_using_subcommand man" -l host -d 'What this host is called in the history; each of several hosts needs a name of its own [default: its host name]' -r
complete -c punctual -n "__fish_punctual_using_subcommand man" -l lease -d 'With PostgreSQL: how long a job stays with a host that is not heard of any more, before another host may run it [default: 30s]' -r
complete -c punctual -n "__fish_punctual_using_subcommand man" -s v -l verbose -d 'Log more on stderr: -v what is done, -vv debug, -vvv libraries too'
complete -c punctual -n "__fish_punctual_using_subcommand man" -s q -l quiet -d 'Say nothing but errors: no report, no progress, no warnings'
complete -c punctual -n "__fish_punctual_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "hello" -d 'Say hello'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "jupiter-sync" -d 'Fetch the tokens that Jupiter lists and store the new ones'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "mem-report" -d 'Give unused memory back and report the memory in use'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "exec" -d 'Run any command once, with the guarantees of a job'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "daemon" -d 'Run the jobs at their due times, on hosts without cron'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "check" -d 'Check that all is well: configuration, files, schedules, crontab, hosts'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "jobs" -d 'List every job: schedule, next due time, timeout, last run'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "next" -d 'Show when jobs are due next, and what their schedules mean'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "trigger" -d 'Run a job in the daemon now'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "pause" -d 'Let a job\'s due times pass without a run'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "resume" -d 'Let a paused job run at its due times again'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "reload" -d 'Let the daemon load its configuration anew'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "history" -d 'List past runs, newest first'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "show" -d 'Show one run whole: times, outcome, error, report'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "export" -d 'Print the schedules as a crontab, systemd units or Kubernetes CronJobs'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "import" -d 'Turn a crontab into jobs of a configuration file'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "completions" -d 'Print the completion script of a shell'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "man" -d 'Print the man page, or write all of them into a directory'
complete -c punctual -n "__fish_punctual_using_subcommand help; and not __fish_seen_subcommand_from hello jupiter-sync mem-report exec daemon check jobs next trigger pause resume reload history show export import completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c punctual -n "__fish_punctual_using_subcommand help; and __fish_seen_subcommand_from export" -f -a "crontab" -d 'Print a line for each job, for cronie, Debian\'s cron or busybox\'s crond'
complete -c punctual -n "__fish_punctual_using_subcommand help; and __fish_seen_subcommand_from export" -f -a "systemd" -d 'Print a service and a timer for each job, for systemd'
complete -c punctual -n "__fish_punctual_using_subcommand help; and __fish_seen_subcommand_from export" -f -a "kubernetes" -d 'Print a CronJob for each job, for Kubernetes'
complete -c punctual -n "__fish_punctual_using_subcommand help; and __fish_seen_subcommand_from import" -f -a "crontab" -d 'Turn the lines of a crontab into jobs of a configuration file'
