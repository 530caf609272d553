//! A PostgreSQL server of a test's own: made in a temporary folder, on a free port, and gone with the test.
//!
//! In: the server's programs, where Debian or the path has them. Out: its address. What runs as root runs as the account
//! `postgres`, since the server refuses root. A shell waits beside it for the end of the test process, however it ends,
//! and then stops the server and removes the folder. It keeps nothing safe: `fsync` is off.

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A server that runs.
pub struct Postgres {
    programs: PathBuf,
    dir: tempfile::TempDir,
    port: u16,
    /// Ends when its input does.
    watch: Child,
}

impl Postgres {
    /// Starts one; none where this machine has no PostgreSQL, with the reason.
    pub fn start() -> Result<Self, String> {
        let programs =
            programs().ok_or("there is no PostgreSQL (Debian: apt-get install postgresql)")?;
        let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|l| l.local_addr())
            .map_err(|e| e.to_string())?
            .port();
        let data = dir.path().join("data");
        if is_root() {
            told(Command::new("chown").arg("postgres").arg(dir.path()))?;
        }
        let mut init = as_server(&programs.join("initdb"));
        init.args([
            "--username=guanlan",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        let password = dir.path().join("password");
        std::fs::write(&password, PASSWORD).map_err(|e| e.to_string())?;
        init.arg(format!("--pwfile={}", password.display())).arg("-D").arg(&data);
        told(&mut init)?;
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'\nfsync = off\n\
             full_page_writes = off\nmax_connections = 60\nshared_buffers = 32MB\n",
            dir.path().display()
        );
        std::fs::OpenOptions::new()
            .append(true)
            .open(data.join("postgresql.conf"))
            .and_then(|mut file| file.write_all(settings.as_bytes()))
            .map_err(|e| e.to_string())?;
        let watch = watch(&programs, dir.path()).map_err(|e| e.to_string())?;
        let server = Self { programs, dir, port, watch };
        server.up()?;
        Ok(server)
    }

    /// Starts it again after [`down`](Self::down).
    pub fn up(&self) -> Result<(), String> {
        let log = self.dir.path().join("log");
        told(self.control().arg("-l").arg(log).args(["-w", "-t", "60", "start"]))
    }

    /// Stops it as a power cut would: nothing is ended in order.
    pub fn down(&self) -> Result<(), String> {
        told(self.control().args(["-m", "immediate", "-w", "stop"]))
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("postgres://guanlan:{PASSWORD}@127.0.0.1:{}/postgres", self.port)
    }

    /// The same by its socket.
    pub fn socket(&self) -> String {
        let (dir, port) = (self.dir.path().display(), self.port);
        format!("postgres:///postgres?host={dir}&port={port}&user=guanlan&password={PASSWORD}")
    }

    /// Runs a statement by the server's own client; answers what it wrote.
    pub fn psql(&self, sql: &str) -> Result<String, String> {
        self.psql_in("postgres", sql)
    }

    /// The same in another of its databases.
    pub fn psql_in(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.env("PGPASSWORD", PASSWORD)
            .env("PGOPTIONS", "-c default_transaction_read_only=off")
            .args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        psql.args(["-h", "127.0.0.1", "-U", "guanlan", "-d", database, "-p"])
            .arg(self.port.to_string());
        let output = psql.output().map_err(|e| e.to_string())?;
        heard(&output).map(|said| said.trim().to_owned())
    }

    /// Has it speak TLS with this certificate and key (PEM), or no more; who calls now hears the change.
    pub fn seal(&self, with: Option<(&str, &str)>) -> Result<(), String> {
        if let Some((certificate, key)) = with {
            for (name, text) in [("server.crt", certificate), ("server.key", key)] {
                let path = self.dir.path().join("data").join(name);
                std::fs::write(&path, text).map_err(|e| e.to_string())?;
                told(Command::new("chmod").arg("600").arg(&path))?;
                if is_root() {
                    told(Command::new("chown").arg("postgres").arg(&path))?;
                }
            }
        }
        let now = if with.is_some() { "on" } else { "off" };
        self.psql(&format!("ALTER SYSTEM SET ssl = {now}"))?;
        told(self.control().arg("reload"))?;
        let asked = Instant::now();
        while self.psql("SHOW ssl")? != now {
            if asked.elapsed() > Duration::from_secs(10) {
                return Err(format!("it does not switch TLS {now}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// A disk of so many megabytes in its folder, which it may write to; none where this account may not mount one.
    pub fn small_disk(&self, megabytes: u32) -> Option<SmallDisk> {
        let disk = SmallDisk(self.dir.path().join("small"));
        std::fs::create_dir_all(&disk.0).ok()?;
        let size = format!("size={megabytes}m");
        told(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(&disk.0)).ok()?;
        told(Command::new("chown").arg("postgres").arg(&disk.0)).ok()?;
        Some(disk)
    }

    /// Lines that come before all others in what says who may come in how.
    pub fn admit(&self, lines: &str) -> Result<(), String> {
        let file = self.dir.path().join("data/pg_hba.conf");
        let known = std::fs::read_to_string(&file).map_err(|e| e.to_string())?;
        std::fs::write(&file, format!("{lines}\n{known}")).map_err(|e| e.to_string())?;
        told(self.control().arg("reload"))
    }

    fn control(&self) -> Command {
        let mut control = as_server(&self.programs.join("pg_ctl"));
        control.arg("-s").arg("-D").arg(self.dir.path().join("data"));
        control
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        // It stops the server and removes the folder.
        let _ = self.watch.wait();
    }
}

/// A disk that is there until this goes.
pub struct SmallDisk(pub PathBuf);

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = told(Command::new("umount").arg("-l").arg(&self.0));
    }
}

const PASSWORD: &str = "nothing-is-kept-here";

/// Waits for the end of its input, which is that of this process at the latest.
fn watch(programs: &Path, dir: &Path) -> std::io::Result<Child> {
    let script =
        "cat > /dev/null; \"$1/pg_ctl\" -s -D \"$2/data\" -m immediate stop; rm -rf \"$2/data\"";
    let mut shell = as_server(Path::new("/bin/sh"));
    shell.args(["-c", script, "sh"]).arg(programs).arg(dir);
    // Whoever ends the tests as a group must not end it with them.
    shell.process_group(0);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// A command by the account that the server runs as.
fn as_server(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--init-groups"])
        .arg(program)
        .current_dir("/");
    command
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

/// Where the server's programs are: the newest that Debian has, else where the path leads.
fn programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> = debian.map(|version| version.path().join("bin")).collect();
    found.extend(std::env::split_paths(&std::env::var_os("PATH")?).collect::<Vec<_>>());
    found.sort_by_key(|dir| std::cmp::Reverse(dir.to_string_lossy().len()));
    found.into_iter().find(|dir| dir.join("initdb").is_file() && dir.join("pg_ctl").is_file())
}

fn told(command: &mut Command) -> Result<(), String> {
    // What the server inherits must not keep anybody waiting for its end.
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match output {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("{command:?}: {other:?}")),
    }
}

fn heard(output: &Output) -> Result<String, String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}
