//! A server that is not as it must be, and one that dies while it stores.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use guanlan::store::{Address, Place, Store, StoreError};

use super::postgres::Postgres;

fn place(server: &Postgres, more: &str) -> Place {
    Place::Server(Address::parse(&format!("{}?{more}", server.address())).unwrap())
}

fn met<T>(result: Result<T, StoreError>) -> StoreError {
    match result {
        Ok(_) => panic!("it was taken"),
        Err(error) => {
            assert!(!error.to_string().contains("nothing-is-kept-here"), "{error}");
            error
        }
    }
}

/// Each trouble is its own, and says where.
pub fn is_told(server: &Postgres) {
    who_is_not_let_in(server);
    schemas_that_are_not_ours(server);
    two_stations(server);
    read_only_and_back(server);
    full_and_back(server);
    at_a_limit_and_back(server);
    what_a_server_cannot_hold(server);
}

fn who_is_not_let_in(server: &Postgres) {
    let address = |text: String| Place::Server(Address::parse(&text).unwrap());
    let wrong = server.address().replace("nothing-is", "something-else-is");
    assert!(matches!(met(address(wrong).open()), StoreError::Refused { .. }));
    let nobody = server.address().replace(":nothing-is-kept-here", "");
    assert!(matches!(met(address(nobody).open()), StoreError::Refused { .. }));
    let nowhere = server.address().replace("/postgres", "/no_such_database");
    assert!(matches!(met(address(nowhere).open()), StoreError::Refused { .. }));
    let away = address("postgres://a:b@127.0.0.1:1/c".to_owned()).open();
    let away = met(away);
    assert!(matches!(away, StoreError::Away { .. }) && away.passes(), "{away}");
    // Nobody's rights.
    server.psql("CREATE ROLE guest LOGIN PASSWORD 'guest'").unwrap();
    let guest = server.address().replace("guanlan:nothing-is-kept-here", "guest:guest");
    assert!(matches!(met(address(guest).open()), StoreError::Refused { .. }));
}

fn schemas_that_are_not_ours(server: &Postgres) {
    assert!(place(server, "schema=none_yet").open_to_read().unwrap().is_none());
    server.psql("CREATE SCHEMA foreign_one; CREATE TABLE foreign_one.things (x INT)").unwrap();
    assert!(matches!(met(place(server, "schema=foreign_one").open()), StoreError::Foreign { .. }));
    drop(place(server, "schema=newer").open().unwrap());
    server.psql("UPDATE newer.meta SET value = '999' WHERE name = 'schema'").unwrap();
    assert!(matches!(
        met(place(server, "schema=newer").open()),
        StoreError::Newer { found: 999, .. }
    ));
    assert!(matches!(met(place(server, "schema=newer").open_to_read()), StoreError::Newer { .. }));
    server.psql("UPDATE newer.meta SET value = '1' WHERE name = 'schema'").unwrap();
    assert!(matches!(met(place(server, "schema=newer").open_to_read()), StoreError::Older { .. }));
}

/// On one schema, and another beside them.
fn two_stations(server: &Postgres) {
    let first = place(server, "schema=held").open().unwrap();
    assert!(matches!(met(place(server, "schema=held").open()), StoreError::Held { .. }));
    drop(place(server, "schema=beside").open().unwrap());
    let reader = place(server, "schema=held").open_to_read().unwrap().unwrap();
    reader.write(&mut |write| write.put_state("a", "b")).unwrap();
    assert_eq!(first.state("a").unwrap().as_deref(), Some("b"));
    // A station that has ended, while somebody of its process still has its store.
    first.let_go();
    drop(place(server, "schema=held").open().unwrap());
    first.write(&mut |write| write.put_state("a", "c")).unwrap();
    assert_eq!(reader.state("a").unwrap().as_deref(), Some("c"));
}

fn read_only_and_back(server: &Postgres) {
    let store = place(server, "schema=held").open().unwrap();
    server.psql("ALTER ROLE guanlan SET default_transaction_read_only = on").unwrap();
    let other = place(server, "schema=held").open_to_read().unwrap().unwrap();
    let refused = met(other.write(&mut |write| write.put_state("c", "d")));
    assert!(matches!(refused, StoreError::Standby { .. }) && refused.passes(), "{refused}");
    server.psql("ALTER ROLE guanlan RESET default_transaction_read_only").unwrap();
    store.write(&mut |write| write.put_state("c", "d")).unwrap();
}

/// A disk of the server's own that is full, where one may be mounted; else the server says so by a trigger.
fn full_and_back(server: &Postgres) {
    let disk = server.small_disk(40);
    let text: String = (0..20_000)
        .map(|n: u64| format!("{:016x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
        .collect();
    let database = if let Some(disk) = &disk {
        server.psql(&format!("CREATE TABLESPACE tiny LOCATION '{}'", disk.0.display())).unwrap();
        server.psql("CREATE DATABASE tiny TABLESPACE tiny").unwrap();
        "tiny"
    } else {
        println!("no disk may be mounted here: a trigger says that it is full");
        "postgres"
    };
    let address = server.address().replace("/postgres", &format!("/{database}"));
    let store = Place::Server(Address::parse(&format!("{address}?schema=full")).unwrap());
    let store = store.open().unwrap();
    store.write(&mut |write| write.put_state("before", "stored")).unwrap();
    let filler = disk.as_ref().map(|disk| disk.0.join("filler"));
    if let Some(filler) = &filler {
        let full = std::fs::write(filler, vec![1; 64 << 20]).unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    } else {
        let full = "CREATE FUNCTION full_disk() RETURNS TRIGGER LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'No space left' USING ERRCODE = '53100'; END $$;
            CREATE TRIGGER filler BEFORE INSERT ON \"full\".state EXECUTE FUNCTION full_disk()";
        server.psql(full).unwrap();
    }
    for _ in 0..2 {
        let refused = met(store.write(&mut |write| write.put_state("large", &text)));
        assert!(matches!(&refused, StoreError::ServerFull { .. }) && refused.passes(), "{refused}");
    }
    assert_eq!(store.state("large").unwrap(), None);
    match &filler {
        Some(filler) => std::fs::remove_file(filler).unwrap(),
        None => drop(server.psql("DROP FUNCTION full_disk CASCADE").unwrap()),
    }
    store.write(&mut |write| write.put_state("large", &text)).unwrap();
    assert_eq!(store.state("large").unwrap(), Some(text));
    assert_eq!(store.state("before").unwrap().as_deref(), Some("stored"));
    if disk.is_some() {
        drop(store);
        server.psql("DROP DATABASE tiny WITH (FORCE)").unwrap();
        server.psql("DROP TABLESPACE tiny").unwrap();
    }
}

/// An account that may have no more sessions, and one whose rights are taken while it works.
fn at_a_limit_and_back(server: &Postgres) {
    server
        .psql("CREATE ROLE few LOGIN PASSWORD 'few'; GRANT CREATE ON DATABASE postgres TO few")
        .unwrap();
    let few = server.address().replace("guanlan:nothing-is-kept-here", "few:few");
    let few = Place::Server(Address::parse(&format!("{few}?schema=few")).unwrap());
    let store = few.open().unwrap();
    server.psql("ALTER ROLE few CONNECTION LIMIT 1").unwrap();
    let refused = met(few.open_to_read());
    assert!(matches!(&refused, StoreError::AtLimit { .. }) && refused.passes(), "{refused}");
    server
        .psql("ALTER ROLE few CONNECTION LIMIT -1; ALTER TABLE few.state OWNER TO guanlan")
        .unwrap();
    let refused = met(store.write(&mut |write| write.put_state("a", "b")));
    assert!(matches!(&refused, StoreError::Refused { .. }) && refused.passes(), "{refused}");
    server.psql("ALTER TABLE few.state OWNER TO few").unwrap();
    store.write(&mut |write| write.put_state("a", "b")).unwrap();
    assert_eq!(few.open_to_read().unwrap().unwrap().state("a").unwrap().as_deref(), Some("b"));
}

fn what_a_server_cannot_hold(server: &Postgres) {
    let store = place(server, "schema=held").open().unwrap();
    store.write(&mut |write| write.put_state("zero", "a\0b")).unwrap();
    assert_eq!(store.state("zero").unwrap().as_deref(), Some("a\u{FFFD}b"));
    let failed = store.write(&mut |write| {
        write.put_state("never", "stored")?;
        write.audit_by(chrono::DateTime::UNIX_EPOCH, "a", "b", "c", "d")?;
        Err(StoreError::Busy)
    });
    assert!(matches!(met(failed), StoreError::Busy));
    assert_eq!(store.state("never").unwrap(), None);
    let by_socket = Address::parse(&format!("{}&schema=held", server.socket())).unwrap();
    let by_socket = Place::Server(by_socket);
    assert!(by_socket.open_to_read().unwrap().unwrap().state("a").unwrap().is_some());
}

/// Numbers are counted up in the store while the server is killed again and again: each that was acknowledged is there,
/// each that was refused is not, and none is there twice.
pub fn server_dies(server: &Postgres) {
    let store: Arc<dyn Store> = place(server, "schema=dies").open().unwrap();
    let (stored, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let parts = (store.clone(), stored.clone(), is_over.clone());
    let counter = std::thread::spawn(move || count(&*parts.0, &parts.1, &parts.2));
    for more in [7, 40, 23, 60] {
        let wanted = stored.load(Ordering::Relaxed) + more;
        while stored.load(Ordering::Relaxed) < wanted {
            std::thread::yield_now();
        }
        server.down().unwrap();
        server.up().unwrap();
    }
    is_over.store(true, Ordering::Relaxed);
    let refused = counter.join().unwrap();
    let stored = stored.load(Ordering::Relaxed);
    assert_eq!(store.state("count").unwrap(), Some(stored.to_string()));
    assert!(refused > 0, "the server was never missed");
}

fn count(store: &dyn Store, stored: &AtomicU64, is_over: &AtomicBool) -> u64 {
    let mut refused = 0;
    while !is_over.load(Ordering::Relaxed) {
        let known = stored.load(Ordering::Relaxed);
        let done = store.write(&mut |write| {
            let before = write.state("count")?.map_or(0, |n| n.parse::<u64>().unwrap());
            assert_eq!(before, known, "one was lost or doubled");
            write.put_state("count", &(before + 1).to_string())
        });
        match done {
            Ok(()) => stored.store(known + 1, Ordering::Relaxed),
            Err(error) => {
                assert!(error.passes(), "{error}");
                refused += 1;
            }
        }
    }
    refused
}
