//! `punctual export kubernetes`: a CronJob per job.

use crate::config::Config;
use crate::daemon::Overlap;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output;
use crate::roster::Work;

use super::cron::five_fields;
use super::{Export, ExportedJob, absolute, comments, left_to_daemon};

/// The longest name that a CronJob may have: Kubernetes appends to it.
const NAME_CHARS_MAX: usize = 52;

/// Where a container finds the configuration file.
const CONFIG_FILE: &str = "/etc/punctual/punctual.toml";

/// The state directory in a container, unless the configuration file names another.
const STATE_DIR: &str = "/var/lib/punctual";

/// What it may take for a pod to be placed and to have its image.
const POD_START_SECONDS: u64 = 60;

/// How late a run may start that is not made up for. Kubernetes looks every ten seconds.
const LATE_SECONDS: u64 = 60;

const HEADER: &str = "\
# punctual's jobs for Kubernetes (1.27 or newer), printed by `punctual export kubernetes`. Besides, it takes:
# - the claim of a volume for database and locks: ReadWriteOnce, because SQLite needs a disk of one node, not NFS
# - for keys and the like (JUPITER_API_KEY, …) a Secret `punctual`; where there is none, runs do without
";

/// The memory that a sync of all tokens takes at its peak is below 40 MiB. A limit on the processor
/// would only make a deadline come nearer.
const RESOURCES: &str = "              resources:
                requests:
                  cpu: 50m
                  memory: 32Mi
                limits:
                  memory: 64Mi
";

const CONFIG_MOUNT: &str = "                - name: config
                  mountPath: /etc/punctual
                  readOnly: true
";

const CONFIG_VOLUME: &str = "            - name: config
              configMap:
                name: punctual
";

/// Print a CronJob for each job, for Kubernetes
///
/// Due times are in UTC, whatever the zone of the cluster is.
#[derive(Debug, clap::Args)]
pub struct KubernetesForm {
    /// The image that has punctual, and the commands of the jobs, in its PATH
    #[arg(long, value_name = "IMAGE", default_value = concat!("registry.example/punctual:", env!("CARGO_PKG_VERSION")))]
    image: String,

    /// The PersistentVolumeClaim for the state directory
    #[arg(long, value_name = "NAME", default_value = "punctual")]
    claim: String,
}

impl KubernetesForm {
    pub fn run(&self, export: &Export<'_>, config: &Config) -> Result<()> {
        let mut text = HEADER.to_owned();
        if let Some(path) = &export.config {
            text.push_str(&format!(
                "# - kubectl create configmap punctual --from-file=punctual.toml={path}\n\
                 #   (and what that file names, as database or log_dir, to lie on the volume)\n"
            ));
        }
        let state_dir = match export.path("state_dir", config.state_dir.as_deref()) {
            Some(path) => absolute(path)?,
            None => STATE_DIR.to_owned(),
        };
        refuse_elsewhere(export, &state_dir)?;
        for job in &export.jobs {
            text.push_str("---\n");
            text.push_str(&match schedule(job) {
                Ok(fields) => cron_job(job, &fields) + &self.pod(job, &state_dir, export),
                Err(reason) => comments(&[job.heading(), reason]),
            });
        }
        output::print(&text)
    }

    /// The pod's specification, below the manifest of its job.
    fn pod(&self, job: &ExportedJob<'_>, state_dir: &str, export: &Export<'_>) -> String {
        let has_config = export.config.is_some();
        // That has a variable, for whatever else is done in the pod.
        let flags = export.flags_but(&["state_dir"]);
        let arguments = job.arguments(has_config.then_some(CONFIG_FILE), &flags);
        let arguments: Vec<String> = arguments.into_iter().map(quoted).collect();
        let (config_mount, config_volume) =
            if has_config { (CONFIG_MOUNT, CONFIG_VOLUME) } else { ("", "") };
        format!(
            "          restartPolicy: Never
          terminationGracePeriodSeconds: {grace}
          automountServiceAccountToken: false
          enableServiceLinks: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 65532
            runAsGroup: 65532
            fsGroup: 65532
            seccompProfile:
              type: RuntimeDefault
          containers:
            - name: punctual
              image: {image}
              command: [\"punctual\"]
              args: [{arguments}]
              env:
                - name: PUNCTUAL_STATE_DIR
                  value: {state_dir}
              envFrom:
                - secretRef:
                    name: punctual
                    optional: true
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities:
                  drop: [\"ALL\"]
{resources}              volumeMounts:
                - name: state
                  mountPath: {state_dir}
{config_mount}          volumes:
            - name: state
              persistentVolumeClaim:
                claimName: {claim}
{config_volume}",
            grace = job.limits.stop_seconds(),
            image = quoted(&self.image),
            arguments = arguments.join(", "),
            state_dir = quoted(state_dir),
            resources = resources(job),
            claim = quoted(&self.claim),
        )
    }
}

/// Nothing else of this host is in the pod.
fn refuse_elsewhere(export: &Export<'_>, state_dir: &str) -> Result<()> {
    let refused = |what: String, hint: String| Err(Error::new(Exit::Usage, what).hint(hint));
    if export.is_given("database_file") {
        let what = "the pods have no --database-file".to_owned();
        let hint = "put the URL into the Secret `punctual`, as PUNCTUAL_DATABASE".to_owned();
        return refused(what, hint);
    }
    for setting in ["database", "log_dir"] {
        let path = export.path(setting, None).filter(|path| !path.starts_with(state_dir));
        if let Some(path) = path {
            let what = format!("the pods have no {}", path.display());
            let hint = format!("name a place on their volume, which is in {state_dir}");
            return refused(what, hint);
        }
    }
    Ok(())
}

/// The five fields of a job's CronJob, which has only one schedule; or why there is none.
fn schedule(job: &ExportedJob<'_>) -> Result<String, String> {
    job.if_enabled()?;
    let name = object_name(job);
    if name.len() > NAME_CHARS_MAX {
        return Err(format!(
            "Left out: {name} is longer than the {NAME_CHARS_MAX} characters that a CronJob's \
             name may have."
        ));
    }
    let mut fields = job.said_by("a CronJob", five_fields)?;
    match (fields.pop(), fields.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(left_to_daemon("a CronJob", "two schedules at once")),
    }
}

fn object_name(job: &ExportedJob<'_>) -> String {
    format!("punctual-{}", job.name())
}

/// The manifest down to where its pod begins.
fn cron_job(job: &ExportedJob<'_>, fields: &str) -> String {
    let notes: Vec<String> = std::iter::once(job.heading()).chain(job.remarks(false)).collect();
    let longest = job.limits.longest_seconds() + POD_START_SECONDS;
    let starting_deadline = match (job.job.catches_up(&job.schedule), job.job.overlap) {
        (true, _) => {
            "# No startingDeadlineSeconds: what is missed is made up for, however late.".to_owned()
        }
        // By then the run that it waits for has ended.
        (false, Overlap::Wait) => format!("startingDeadlineSeconds: {longest}"),
        (false, _) => format!("startingDeadlineSeconds: {LATE_SECONDS}"),
    };
    format!(
        "\
{notes}apiVersion: batch/v1
kind: CronJob
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: punctual
    app.kubernetes.io/component: {component}
spec:
  schedule: {fields}
  timeZone: Etc/UTC
  concurrencyPolicy: {concurrency}
  {starting_deadline}
  jobTemplate:
    spec:
      # Retries are punctual's own.
      backoffLimit: 0
      # Timeout, grace, and the time that a pod takes to start.
      activeDeadlineSeconds: {longest}
      template:
        metadata:
          labels:
            app.kubernetes.io/name: punctual
            app.kubernetes.io/component: {component}
        spec:
",
        notes = comments(&notes),
        name = object_name(job),
        component = job.name(),
        fields = quoted(fields),
        concurrency = if job.job.overlap == Overlap::Allow { "Allow" } else { "Forbid" },
    )
}

fn resources(job: &ExportedJob<'_>) -> &'static str {
    match job.job.work {
        Work::Catalog { .. } => RESOURCES,
        // What it needs is not known.
        Work::Command { .. } => "",
    }
}

/// A string as YAML and JSON both have it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
