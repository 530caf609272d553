//! TLS to a server: what is right goes through, what is not is refused in words, and nothing goes in the clear unasked.
//!
//! In: a server, the certificates of the tests' own authority (`tests/site`, for 127.0.0.1 alone). Nothing is made by tools
//! that a machine may not have.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guanlan::store::{Address, Place, SealFault, StoreError};

use super::postgres::Postgres;
use crate::lab::Lab;

/// The authority, what it signed for 127.0.0.1, and one that signs itself.
const AUTHORITY: &str = include_str!("../site/h2.ca.pem");
const CERTIFICATE: &[u8] = include_bytes!("../site/h2.cert.der");
const KEY: &[u8] = include_bytes!("../site/h2.key.der");
const SELF_SIGNED: &[u8] = include_bytes!("../site/self-signed.cert.der");
const SELF_SIGNED_KEY: &[u8] = include_bytes!("../site/self-signed.key.der");

fn pem(kind: &str, bytes: &[u8]) -> String {
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", STANDARD.encode(bytes))
}

/// Calls at a database that takes none but sealed ones.
struct Caller<'a> {
    server: &'a Postgres,
    lab: Lab,
}

impl Caller<'_> {
    fn address(&self, host: &str, more: &str) -> String {
        let address = self.server.address().replace("/postgres", "/sealed");
        format!("{}?{more}", address.replace("127.0.0.1", host))
    }

    fn called(&self, host: &str, more: &str) -> Result<(), StoreError> {
        let address = Address::parse(&self.address(host, more)).unwrap();
        Place::Server(address).open().map(drop)
    }

    fn fault(&self, host: &str, more: &str) -> SealFault {
        match self.called(host, more) {
            Err(error @ StoreError::Unsealed { .. }) => {
                assert!(!error.to_string().contains("nothing-is-kept-here") && error.passes());
                let StoreError::Unsealed { fault, .. } = error else { unreachable!() };
                fault
            }
            other => panic!("{host} {more}: {other:?}"),
        }
    }

    fn file(&self, name: &str, text: &str) -> String {
        format!("sslrootcert={}", self.lab.write(name, text).display())
    }

    /// What the command says.
    fn said(&self, folder: &str, more: &str) -> String {
        let mut command = self.lab.command(&["backup", folder]);
        let output = command.env("SEALED_STORE", self.address("127.0.0.1", more)).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains("nothing-is-kept-here"), "{said}");
        said
    }
}

/// The right one, and each that is not.
pub fn or_refused(server: &Postgres) {
    let lab = Lab::new();
    lab.write(
        "guanlan.toml",
        "[station]\nname = \"云岭矿业集团\"\ncontact = \"a@example.com\"\ndata_dir = \"data\"\n\
         [store]\nkind = \"postgres\"\naddress_env = \"SEALED_STORE\"\n",
    );
    let caller = Caller { server, lab };
    server.psql("CREATE DATABASE sealed").unwrap();
    let right = caller.file("ca.pem", AUTHORITY);
    let full = format!("sslmode=verify-full&{right}");
    assert_eq!(caller.fault("127.0.0.1", &full), SealFault::NoTls);
    assert!(caller.said("none", &full).contains("it speaks no TLS"));

    server.seal(Some((&pem("CERTIFICATE", CERTIFICATE), &pem("PRIVATE KEY", KEY)))).unwrap();
    server.admit("hostnossl sealed all all reject").unwrap();
    for more in [&full, &right, &format!("sslmode=require&{right}")] {
        caller.called("127.0.0.1", more).unwrap();
    }
    // The server's own program is as careful.
    let kept = caller.said("kept", &full);
    assert!(kept.contains("all of it as of one instant"), "{kept}");
    let other = caller.file("other.pem", &pem("CERTIFICATE", SELF_SIGNED));
    assert_eq!(caller.fault("127.0.0.1", &other), SealFault::Stranger);
    // Those that the system trusts did not sign it either.
    assert_eq!(caller.fault("127.0.0.1", "sslmode=verify-full"), SealFault::Stranger);
    assert_eq!(caller.fault("localhost", &full), SealFault::OtherName);
    let none = format!("sslrootcert={}/none.pem", caller.lab.path().display());
    assert!(matches!(caller.fault("127.0.0.1", &none), SealFault::Authority(_)));
    let empty = caller.file("empty.pem", "nothing");
    assert!(matches!(caller.fault("127.0.0.1", &empty), SealFault::Authority(_)));
    let said = caller.said("other", &other);
    assert!(said.contains("Name the file of the authority"), "{said}");
    // Said in the clear because the address wants it so: this server does not have it.
    let clear = caller.called("127.0.0.1", "sslmode=disable").unwrap_err();
    assert!(matches!(&clear, StoreError::Refused { cause, .. } if cause.contains("pg_hba.conf")));

    let own = (pem("CERTIFICATE", SELF_SIGNED), pem("PRIVATE KEY", SELF_SIGNED_KEY));
    server.seal(Some((&own.0, &own.1))).unwrap();
    assert_eq!(caller.fault("localhost", &other), SealFault::SelfSigned);
    server.seal(None).unwrap();
}
