//! Where the index of a station lies: in its data directory, or in a search cluster.
//!
//! In: a config, and the environment it names. Out: a place for the index. It opens nothing; a variable that is not set
//! is told by whoever opens the place.

use std::env;
use std::time::Duration;

use index::{ClusterPlace, Login, Place};

use super::data_dir::DataDir;
use crate::config::{Config, IndexKind};

/// The place of the index of `config`.
#[must_use]
pub fn index_place(config: &Config) -> Place {
    let settings = &config.index;
    let dir = DataDir(config.station.data_dir.clone()).index();
    if settings.kind == IndexKind::Tantivy {
        return dir.into();
    }
    ClusterPlace {
        addresses: settings.all_addresses(),
        name: settings.name.clone(),
        login: login(&settings.user_env, &settings.password_env),
        // A file that cannot be read is told when the config is checked.
        ca: Some(&settings.ca_file)
            .filter(|file| !file.as_os_str().is_empty())
            .and_then(|file| std::fs::read(file).ok()),
        shards: settings.shards,
        replicas: settings.replicas,
        timeout: Duration::from_secs(settings.timeout_secs.into()),
        dir,
    }
    .into()
}

fn login(user: &str, password: &str) -> Login {
    if user.is_empty() && password.is_empty() {
        return Login::Nobody;
    }
    let read = |variable: &str| env::var(variable).map_err(|_| variable.to_owned());
    match (read(user), read(password)) {
        (Ok(user), Ok(password)) => Login::Basic { user, password },
        (Err(variable), _) | (_, Err(variable)) => Login::Missing { variable },
    }
}
