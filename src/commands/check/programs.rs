//! Finds programs as a run would.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// Where programs are looked for when no variable says it.
const SEARCH_PATH: &str = "/bin:/usr/bin";

/// The program's file, or why there is none. A name without a slash is looked up in `search_path`
/// (`PATH`).
pub fn find(program: &Path, search_path: Option<&OsStr>) -> Result<PathBuf, String> {
    if program.as_os_str().as_encoded_bytes().contains(&b'/') {
        return match fault(program) {
            None => Ok(program.to_owned()),
            Some(fault) => Err(format!("{} {fault}", program.display())),
        };
    }
    let search_path = search_path.unwrap_or(OsStr::new(SEARCH_PATH));
    let mut first_fault = None;
    for candidate in std::env::split_paths(search_path).map(|directory| directory.join(program)) {
        match fault(&candidate) {
            None => return Ok(candidate),
            Some(fault) if fault != MISSING => {
                first_fault.get_or_insert(format!("{} {fault}", candidate.display()));
            }
            Some(_) => {}
        }
    }
    Err(first_fault.unwrap_or_else(|| {
        format!("{} is in no directory of PATH ({})", program.display(), search_path.display())
    }))
}

const MISSING: &str = "does not exist";

/// What keeps a file from being started.
fn fault(path: &Path) -> Option<&'static str> {
    match path.metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Some("cannot be reached by this user")
        }
        Err(_) => Some(MISSING),
        Ok(metadata) if !metadata.is_file() => Some("is no file"),
        Ok(_) if access(path, Access::EXEC_OK).is_err() => Some("is not executable by this user"),
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_program_is_found_in_the_search_path_where_it_is_executable() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = |name: &str| directory.path().join(name);
        for (name, mode) in [("one/tool", 0o644), ("two/tool", 0o755), ("one/text", 0o644)] {
            std::fs::create_dir_all(path(name).parent().expect("a folder")).expect("a folder");
            std::fs::write(path(name), "#!/bin/sh\n").expect("a file");
            std::fs::set_permissions(path(name), Permissions::from_mode(mode)).expect("a mode");
        }
        let search_path = std::env::join_paths([path("one"), path("two")]).expect("a path");
        let find = |program: &str| find(Path::new(program), Some(&search_path));
        assert_eq!(find("tool"), Ok(path("two/tool")));
        assert_eq!(find("/bin/sh"), Ok("/bin/sh".into()));
        let refused = |program: &str| find(program).expect_err("no program");
        assert!(refused("text").ends_with("one/text is not executable by this user"));
        assert!(refused("nonesuch").starts_with("nonesuch is in no directory of PATH ("));
        assert_eq!(refused("/nonesuch"), "/nonesuch does not exist");
        assert_eq!(refused("/bin/"), "/bin/ is no file");
    }
}
