//! tokio-cron-scheduler with many jobs of one schedule.
//! Usage: tokio-cron-scheduler-load RECORDS JOBS SCHEDULE

#[expect(dead_code, reason = "read by the benchmark, which shares the file")]
#[path = "../../../../daemon/records.rs"]
mod records;

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use tokio_cron_scheduler::{Job, JobScheduler};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().ok_or("usage: RECORDS JOBS SCHEDULE");
    let records = Arc::new(records::Writer::create(Path::new(&argument()?))?);
    let (jobs, schedule) = (argument()?.parse::<u32>()?, argument()?);

    // With its default of 200 it would lose whatever is due at once beyond that. A job takes up
    // four messages on the busiest of its channels.
    let scheduler = JobScheduler::new_with_channel_size(4 * jobs as usize).await?;
    for number in 0..jobs {
        let records = Arc::clone(&records);
        let job = Job::new_async(schedule.as_str(), move |_id, _scheduler| {
            let records = Arc::clone(&records);
            // Jobs are not told their due times.
            Box::pin(async move { records.started(number, 0, records::now()) })
        })?;
        scheduler.add(job).await?;
    }
    scheduler.start().await?;
    records.ready();
    std::future::pending().await
}
