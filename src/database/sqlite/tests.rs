use super::*;

const ONE: Migrations = Migrations {
    owner: "one",
    sqlite: &["CREATE TABLE things (id INTEGER PRIMARY KEY)"],
    postgres: &[],
};
const GROWN: Migrations = Migrations {
    owner: "one",
    postgres: &[],
    sqlite: &[
        "CREATE TABLE things (id INTEGER PRIMARY KEY)",
        "ALTER TABLE things ADD COLUMN name TEXT",
    ],
};

fn database(directory: &tempfile::TempDir) -> Sqlite {
    Sqlite::new(directory.path().join("punctual.db"), Duration::from_secs(5))
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

#[track_caller]
fn refused(database: &Sqlite, exit: Exit, says: &str) {
    let error = database.connect(&ONE).expect_err("it is refused");
    assert_eq!(error.exit(), exit, "{}", error.chain());
    assert!(error.chain().contains(says), "{}", error.chain());
}

#[test]
fn migrations_are_applied_once_and_only_the_new_ones() {
    let directory = directory();
    let database = database(&directory);
    database.connect(&ONE).expect("created");
    let connection = database.connect(&ONE).expect("opened again");
    connection.execute("INSERT INTO things VALUES (7)", ()).expect("inserted");
    let connection = database.connect(&GROWN).expect("migrated");
    let row: (i64, Option<String>) = connection
        .query_row("SELECT id, name FROM things", (), |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("the row is still there");
    assert_eq!(row, (7, None));
    refused(&database, Exit::Configuration, "tables of one is newer than this program");
}

#[test]
fn a_migration_that_fails_leaves_nothing_behind() {
    let directory = directory();
    let database = database(&directory);
    let broken = Migrations {
        owner: "one",
        sqlite: &["CREATE TABLE things (id)", "CREATE nonsense"],
        postgres: &[],
    };
    database.connect(&broken).expect_err("it is broken");
    database.connect(&ONE).expect("nothing of it is there");
}

#[test]
fn owners_do_not_share_their_versions() {
    let directory = directory();
    let database = database(&directory);
    database.connect(&GROWN).expect("created");
    let other = Migrations { owner: "other", sqlite: &["CREATE TABLE others (id)"], postgres: &[] };
    database.connect(&other).expect("created");
    database.connect(&GROWN).expect("opened");
}

fn read<T: rusqlite::types::FromSql>(connection: &Connection, query: &str) -> T {
    connection.query_row(query, (), |row| row.get(0)).expect(query)
}

/// What every file of ours is, however it came about.
#[track_caller]
fn is_sound(connection: &Connection) {
    assert_eq!(identify(connection).expect("a header"), (APPLICATION_ID, FORMAT_VERSION));
    assert_eq!(read::<String>(connection, "PRAGMA journal_mode"), "wal");
    assert_eq!(read::<i64>(connection, "PRAGMA page_size"), PAGE_BYTES);
    assert_eq!(read::<String>(connection, "PRAGMA integrity_check"), "ok");
}

/// Where there is no file it is put there whole; an empty one is filled where it is.
#[test]
fn many_can_create_it_at_once() {
    for is_empty_there in [false, true] {
        let directory = directory();
        let database = database(&directory);
        if is_empty_there {
            std::fs::write(database.path(), "").expect("written");
        }
        let start = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    database.connect(&GROWN).expect("created or opened");
                });
            }
        });
        is_sound(&database.connect(&GROWN).expect("opened"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_is_put_in_its_place_whole_or_not_at_all() {
    let directory = directory();
    let database = database(&directory);
    database.create(&ONE).expect("created");
    let content = std::fs::read(database.path()).expect("the file");
    database.create(&GROWN).expect_err("there is one");
    assert_eq!(std::fs::read(database.path()).expect("the file"), content);
    is_sound(&database.connect(&ONE).expect("opened"));
    let names = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<_> =
        std::fs::read_dir(directory.path()).expect("a directory").map(names).collect();
    names.sort();
    assert_eq!(names, ["punctual.db", "punctual.db-shm", "punctual.db-wal"]);
}

#[test]
fn a_new_file_has_the_mode_that_sqlite_gives_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = directory();
    let database = database(&directory);
    is_sound(&database.connect(&ONE).expect("created"));
    let theirs = directory.path().join("theirs.db");
    Connection::open(&theirs).and_then(|it| it.execute_batch("CREATE TABLE x (y)")).expect("made");
    let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode();
    assert_eq!(mode(database.path()), mode(&theirs));
}

#[test]
fn what_a_lost_file_has_left_behind_is_no_part_of_a_new_one() {
    let directory = directory();
    let database = database(&directory);
    let connection = database.connect(&ONE).expect("created");
    connection.execute("INSERT INTO things VALUES (7)", ()).expect("inserted");
    drop(connection);
    let log = std::fs::metadata(directory.path().join("punctual.db-wal")).expect("a log");
    assert!(log.len() > 0, "the row is in the log");
    std::fs::remove_file(database.path()).expect("removed");

    let connection = database.connect(&ONE).expect("created again");
    is_sound(&connection);
    assert_eq!(read::<i64>(&connection, "SELECT count(*) FROM things"), 0);
}

#[test]
fn a_newer_format_is_refused_untouched() {
    let directory = directory();
    let database = database(&directory);
    database.connect(&ONE).expect("created").execute_batch("PRAGMA user_version = 2").expect("set");
    refused(&database, Exit::Configuration, "format version 2 is newer");
}

#[test]
fn a_database_of_another_program_is_refused_untouched() {
    let directory = directory();
    let database = database(&directory);
    let theirs = Connection::open(database.path()).expect("created");
    theirs.execute_batch("CREATE TABLE secrets (id)").expect("created");
    refused(&database, Exit::Configuration, "belongs to another program");
    let tables: i64 = theirs
        .query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))
        .expect("a number");
    assert_eq!(tables, 1);
}

#[test]
fn what_is_no_database_is_an_error_with_a_way_out() {
    let directory = directory();
    let database = database(&directory);
    std::fs::write(database.path(), "no database at all ".repeat(100)).expect("written");
    refused(&database, Exit::InputOutput, "not a database");
    let hint = database.connect(&ONE).expect_err("refused").hint_text().map(str::to_owned);
    let hint = hint.expect("a hint");
    assert!(hint.contains("--database") && hint.contains(".recover"), "{hint}");
    refused(
        &Sqlite::new(directory.path().to_owned(), Duration::ZERO),
        Exit::Configuration,
        "is a directory",
    );
}

#[test]
fn a_full_database_is_an_io_error() {
    let directory = directory();
    let database = database(&directory);
    let connection = database.connect(&ONE).expect("created");
    connection.execute_batch("PRAGMA max_page_count = 10").expect("set");
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)
                INSERT INTO things SELECT i FROM n";
    let error = connection.execute_batch(fill).map_err(database.error("cannot fill it"));
    let error = error.expect_err("it is full");
    assert_eq!(error.exit(), Exit::InputOutput);
    assert_eq!(error.hint_text(), Some("free some space, then run it again"));
}

#[test]
fn a_missing_directory_is_made_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let directory = directory();
    let deep = directory.path().join("a/b");
    Sqlite::new(deep.join("x.db"), Duration::ZERO).connect(&ONE).expect("created");
    let mode = std::fs::metadata(&deep).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn after_a_checkpoint_the_file_alone_has_everything_and_a_large_log_is_emptied() {
    let directory = directory();
    let log = directory.path().join("punctual.db-wal");
    let log_bytes = || std::fs::metadata(&log).expect("a log").len();
    let link = directory.path().join("link.db");
    std::os::unix::fs::symlink("punctual.db", &link).expect("linked");
    let database = Sqlite::new(link, Duration::ZERO);
    let connection = database.connect(&GROWN).expect("created");
    let insert = |bytes: u64| {
        let insert = "INSERT INTO things (name) VALUES (hex(zeroblob(?1 / 2)))";
        connection.execute(insert, [bytes as i64]).expect("inserted");
        let before = log_bytes();
        database.checkpoint(&connection).expect("moved");
        let copy = directory.path().join("copy.db");
        std::fs::copy(database.path(), &copy).expect("copied");
        let alone = Connection::open(copy).expect("opened");
        let count = "SELECT count(*) FROM things";
        assert_eq!(read::<i64>(&alone, count), read::<i64>(&connection, count));
        (before, log_bytes())
    };

    let (small, kept) = insert(100_000);
    assert_eq!(kept, small, "it is kept");
    let (again, _) = insert(50_000);
    assert_eq!(again, small, "it is written over");
    let (_, emptied) = insert(2 * LOG_BYTES_KEPT);
    assert_eq!(emptied, 0);
}

#[test]
fn a_newer_file_is_told_even_if_its_schema_cannot_be_read() {
    let directory = directory();
    let database = database(&directory);
    let connection = database.connect(&ONE).expect("created");
    connection
        .execute_batch(&format!(
            "PRAGMA user_version = {};
             PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = 'CREATE TABLE things IN A NEW WAY'
                 WHERE name = 'things';",
            FORMAT_VERSION + 1
        ))
        .expect("written");
    drop(connection);
    refused(&database, Exit::Configuration, "newer than this program");
}

/// A connection that would wait for others for longer than any test lasts.
fn patient(directory: &tempfile::TempDir) -> (Sqlite, Connection) {
    let database = Sqlite::new(directory.path().join("punctual.db"), Duration::from_secs(3600));
    let connection = database.connect(&ONE).expect("opened");
    (database, connection)
}

#[test]
fn a_checkpoint_leaves_a_reader_what_it_reads() {
    let directory = directory();
    let (database, connection) = patient(&directory);
    let reader = database.connect(&ONE).expect("opened");
    reader.execute_batch("BEGIN; SELECT * FROM things").expect("a snapshot");
    connection.execute("INSERT INTO things VALUES (7)", ()).expect("inserted");
    database.checkpoint(&connection).expect("as far as it goes");
    assert_eq!(read::<i64>(&reader, "SELECT count(*) FROM things"), 0);
}

#[test]
fn who_waits_to_write_stops_waiting_when_cancelled() {
    let directory = directory();
    let (database, connection) = patient(&directory);
    let other = database.connect(&ONE).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let error = database.begin_to_write(&connection, || true).expect_err("it is busy");
    assert!(is_busy(&error), "{error}");
    other.execute_batch("COMMIT").expect("the lock is free");
    database.begin_to_write(&connection, || true).expect("the lock");
}
