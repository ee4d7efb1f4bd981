use super::*;

fn url(text: &str) -> PostgresUrl {
    PostgresUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn tcp(name: &str, port: u16) -> Server {
    Server { host: Host::Tcp(name.to_owned()), port }
}

fn socket(directory: &str, port: u16) -> Server {
    Server { host: Host::Unix(directory.into()), port }
}

#[test]
fn hosts_and_ports_are_those_of_libpq() {
    let check = |text: &str, expected: &[Server]| assert_eq!(url(text).servers, expected, "{text}");
    check("postgres://db", &[tcp("db", 5432)]);
    check("postgresql://db:6432/app", &[tcp("db", 6432)]);
    check("postgres://u:p@a,b:2,[::1]:3/app", &[tcp("a", 5432), tcp("b", 2), tcp("::1", 3)]);
    check("postgres://%2Frun%2Fpg/app", &[socket("/run/pg", 5432)]);
    check("postgres:///app?host=/run/pg&port=7", &[socket("/run/pg", 7)]);
    check("postgres://db/app?port=7", &[tcp("db", 7)]);
    check("postgres:///app?host=a,/run/pg&port=1,2", &[tcp("a", 1), socket("/run/pg", 2)]);
}

#[test]
fn the_session_is_what_the_url_says() {
    let given =
        url("postgres://jo%40x:p%3Aw%2F@db/my%20app?application_name=a+b&options=-c%20geqo%3Doff\
         &target_session_attrs=read-write&channel_binding=require&connect_timeout=3");
    assert_eq!(given.session.get_user(), Some("jo@x"));
    assert_eq!(given.session.get_password(), Some(b"p:w/".as_slice()));
    assert_eq!(given.session.get_dbname(), Some("my app"));
    assert_eq!(given.session.get_application_name(), Some("a+b"));
    assert_eq!(given.session.get_options(), Some("-c geqo=off"));
    assert_eq!(given.session.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
    assert_eq!(given.session.get_channel_binding(), ChannelBinding::Require);
    assert_eq!(given.connect_timeout, Duration::from_secs(3));
    let plain = url("postgres://db?user=jo&password=pw&dbname=app");
    assert_eq!(plain.session.get_user(), Some("jo"));
    assert_eq!(plain.session.get_password(), Some(b"pw".as_slice()));
    assert_eq!(plain.session.get_dbname(), Some("app"));
    assert_eq!(plain.session.get_application_name(), Some("punctual"));
    assert_eq!(plain.connect_timeout, Duration::from_secs(10));
}

#[test]
fn certificates_are_checked_wherever_a_network_is_between() {
    let check = |text: &str, expected: TlsMode| assert_eq!(url(text).tls, expected, "{text}");
    let ca = || PathBuf::from("/ca.pem");
    check("postgres://db.example.com", TlsMode::VerifyFull(Roots::System));
    check("postgres://10.0.0.7", TlsMode::VerifyFull(Roots::System));
    check("postgres://localhost,db.example.com", TlsMode::VerifyFull(Roots::System));
    check("postgres://localhost.example.com", TlsMode::VerifyFull(Roots::System));
    check("postgres://localhost", TlsMode::Prefer);
    check("postgres://127.9.9.9", TlsMode::Prefer);
    check("postgres://[::1]", TlsMode::Prefer);
    check("postgres:///app?host=/run/pg", TlsMode::Prefer);
    check("postgres://localhost?sslrootcert=/ca.pem", TlsMode::VerifyFull(Roots::File(ca())));
    check("postgres://localhost?sslrootcert=system", TlsMode::VerifyFull(Roots::System));
    check("postgres://db?sslmode=disable", TlsMode::Off);
    check("postgres://db?sslmode=allow", TlsMode::Prefer);
    check("postgres://db?sslmode=require", TlsMode::Require);
    check("postgres://db?sslmode=require&sslrootcert=/ca.pem", TlsMode::VerifyCa(ca()));
    check("postgres://db?sslmode=verify-ca&sslrootcert=/ca.pem", TlsMode::VerifyCa(ca()));
    check("postgres://db?sslmode=verify-full", TlsMode::VerifyFull(Roots::System));
}

#[test]
fn a_connection_is_as_protected_as_to_the_worst_of_its_servers() {
    for (text, expected) in [
        ("postgres:///app?host=/run/pg", Protection::Local),
        ("postgres://localhost,[::1]/app?sslmode=disable", Protection::Local),
        ("postgres://db/app", Protection::Checked),
        ("postgres://db/app?sslmode=verify-ca&sslrootcert=/ca.pem", Protection::Checked),
        ("postgres://localhost,db/app?sslmode=require", Protection::Unchecked),
        ("postgres://db/app?sslmode=prefer", Protection::Open),
        ("postgres://localhost,db/app?sslmode=disable", Protection::Open),
    ] {
        assert_eq!(url(text).protection(), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_is_said_without_the_password() {
    let check = |text: &str, says: &str| {
        let error = PostgresUrl::parse(text).expect_err(text);
        assert!(error.contains(says), "{text}: {error}");
        assert!(!error.contains("hidden"), "{text}: {error}");
    };
    check("mysql://u:hidden@db", "postgres://");
    check("postgres://", "names no host");
    check("postgres:///app", "names no host");
    check("postgres://a,,b", "host");
    check("postgres://u:hidden@db:hidden/app", "port");
    check("postgres://u:hidden/app", "port");
    check("postgres://u:hid@hidden@db", "%40");
    check("postgres://u:hid/hidden@db", "%2F");
    check("postgres://u:hid?hidden=1@db", "%3F");
    check("postgres://u:hidden@db?passfile=hidden", "passfile is not supported");
    check("postgres://u:pw@db?hidden%20=1", "one of its parameters is not supported");
    check("postgres://db?hidden", "no value");
    check("postgres://u:hidden@db?host=b", "hosts twice");
    check("postgres://a,b?port=1,2,3", "as many as hosts");
    check("postgres://db?port=hidden", "port takes a number");
    check("postgres://db?connect_timeout=0", "from 1");
    check("postgres://db?sslmode=hidden", "verify-full");
    check("postgres://db?sslmode=verify-ca", "sslrootcert");
    check("postgres://db?sslmode=prefer&sslrootcert=/ca.pem", "verify-ca");
    check("postgres://db?sslmode=require&sslrootcert=system", "verify-full");
    check("postgres://db/%00", "%00");
    check("postgres://db?user=%ff", "UTF-8");
}

#[test]
fn the_label_is_a_url_without_secrets() {
    let check = |text: &str, expected: &str| {
        let url = url(text);
        assert_eq!(url.label(), expected);
        for shown in [url.to_string(), format!("{url:?}"), format!("{:?}", url.session)] {
            assert!(!shown.contains("hidden"), "{shown}");
        }
    };
    check("postgresql://jo:hidden@db:6432/app?sslmode=disable", "postgres://jo@db:6432/app");
    check("postgres://db?password=hidden&user=a%0Ab", "postgres://a%0Ab@db");
    check("postgres://a,[::1]:2/x%20y", "postgres://a,[::1]:2/x%20y");
    check("postgres:///app?host=/run/pg", "postgres://%2Frun%2Fpg/app");
}
