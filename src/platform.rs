//! What belongs to one operating system: rights of files and folders, random bytes, the name of the machine.
//!
//! In: paths. Out: files and folders that their owner alone can read. Everything else of this program is the same
//! everywhere; a port begins here.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Makes `dir` for its owner alone, with what leads to it. One that is there is closed to everybody but its owner and
/// its group: a group that may read it is somebody's decision, all accounts of the machine are not. A place that all
/// may write to (a folder for temporary files) is left as it is.
///
/// # Errors
/// Those of the file system.
pub fn make_private_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let mode = dir.metadata()?.permissions().mode();
    let (is_open, is_shared) = (mode & 0o007 != 0, mode & 0o002 != 0);
    if is_open && !is_shared {
        std::fs::set_permissions(dir, Permissions::from_mode(mode & 0o770))?;
    }
    Ok(())
}

/// The name of this machine.
#[must_use]
pub fn machine_name() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let told = told.or_else(|| std::env::var("HOSTNAME").ok());
    let name = told.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| "machine".to_owned())
}

/// Closes `dir` to everybody but its owner.
///
/// # Errors
/// Those of the file system.
pub fn close_to_others(dir: &Path) -> io::Result<()> {
    std::fs::set_permissions(dir, Permissions::from_mode(0o700))
}

/// Makes a new file that its owner alone can read; one that is there is an error.
///
/// # Errors
/// Those of the file system.
pub fn new_private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Standard output as a file of its own, without the lock that is taken for printing.
///
/// # Errors
/// Those of the operating system.
pub fn standard_output() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

/// Random bytes fit for a key.
///
/// # Errors
/// The operating system has none.
pub fn random_bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}
