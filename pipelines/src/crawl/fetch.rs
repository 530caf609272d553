//! The one place where pages are asked for: robots, turns, limits and the guard in front of HTTP.
//!
//! In: a job, its source, the time. Out: a [`FetchOutcome`], never an error that says nothing. Redirects
//! are followed by hand so that every hop passes the same gates. It keeps no cookies, logs in nowhere,
//! poses as nobody, and retries nothing by itself: the frontier decides when to ask again. No lock is
//! held across an await, except one per host while its robots.txt is read.

mod answer;
mod gate;
mod guard;
mod host;
mod outcome;
mod policy;
mod robots_gate;
mod wall;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION};
use reqwest::{Certificate, Client, Response, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::{sleep_until, timeout};
use url::Url;

use crate::crawl::SourceConfig;
use crate::crawl::address;
use crate::record::{DropReason, FetchJob, Validators};

pub use gate::{Entered, HostGate};
pub use guard::{Names, authority, entry_addresses, is_allowed_host, is_own_address, is_private};
pub use host::{HostMemory, KnownRobots, RobotsStanding, TimeTold};
pub use outcome::{FetchError, FetchErrorKind, FetchOutcome, Refusal};
pub use policy::FetchPolicy;

use gate::Inside;
use host::{Clock, Host};

/// Asks for pages. Cheap to share by reference or `Arc`; all state is inside.
pub struct Fetcher {
    policy: FetchPolicy,
    names: Names,
    public: Client,
    private: OnceLock<Result<Client, String>>,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
    /// One for each request under way.
    turns: Semaphore,
    /// Where several processes crawl.
    gate: OnceLock<Arc<dyn HostGate>>,
}

/// Hosts remembered at a time: a site that makes a subdomain for each page fills no memory.
const MOST_HOSTS: usize = 4_096;

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
#[error("cannot build the HTTP client: {0}")]
pub struct FetcherError(String);

/// Either way out of a step: `Err` ends the job early.
type Step<T> = Result<T, FetchOutcome>;

impl Fetcher {
    /// How many things to ask it for side by side, of at most `most`: one where it makes one request at a time, so that all comes in
    /// the same order.
    #[must_use]
    pub fn at_once(&self, most: usize) -> usize {
        if self.policy.in_all == 1 { 1 } else { most }
    }

    /// A fetcher that asks the system's resolver.
    ///
    /// # Errors
    /// [`FetcherError`] when no HTTP client can be built.
    pub fn new(policy: FetchPolicy) -> Result<Self, FetcherError> {
        Self::with_names(policy, Names::System)
    }

    /// A fetcher with its own table of names.
    ///
    /// # Errors
    /// As [`Fetcher::new`].
    pub fn with_names(policy: FetchPolicy, names: Names) -> Result<Self, FetcherError> {
        // A second installation is refused, and the first one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let public = client(&policy, &names, false).map_err(FetcherError)?;
        let turns = Semaphore::new(policy.in_all.max(1));
        let private = OnceLock::new();
        let gate = OnceLock::new();
        Ok(Self { policy, names, public, private, hosts: Mutex::default(), turns, gate })
    }

    /// The bounds it obeys.
    #[must_use]
    pub fn policy(&self) -> &FetchPolicy {
        &self.policy
    }

    /// Asks hosts only as `gate` lets it; the first gate stays.
    pub fn stand_behind(&self, gate: Arc<dyn HostGate>) {
        let _ = self.gate.set(gate);
    }

    /// Gives back what was known of a host (`host:port`) before a restart.
    pub fn remember(&self, authority: &str, memory: HostMemory) {
        let host = Arc::new(Host::new(self.policy.per_host, memory));
        self.hosts().insert(authority.to_owned(), host);
    }

    /// The memories that changed since the last call, to be stored by `host:port`; the robots.txt is in them only
    /// where it was read anew.
    #[must_use]
    pub fn changed_memories(&self) -> Vec<(String, HostMemory)> {
        let hosts = self.hosts();
        hosts.iter().filter_map(|(name, h)| Some((name.clone(), h.take_changed()?))).collect()
    }

    /// What hosts on other machines said of the time in their last answers, one a host.
    #[must_use]
    pub fn times_told(&self) -> Vec<TimeTold> {
        let hosts = self.hosts();
        let others = hosts.iter().filter(|(name, _)| !guard::is_this_machine(name));
        others.filter_map(|(_, host)| host.time_told()).collect()
    }

    /// What is known of a host (`host:port`), for `source policy` and the health board.
    #[must_use]
    pub fn memory_of(&self, authority: &str) -> Option<HostMemory> {
        let host = self.hosts().get(authority).cloned();
        host.map(|h| h.memory())
    }

    /// Asks for the job's address on behalf of `source`. Waits for the host's turn; may be called for
    /// many jobs at once.
    pub async fn fetch(
        &self,
        job: &FetchJob,
        source: &SourceConfig,
        now: DateTime<Utc>,
    ) -> FetchOutcome {
        let clock = Clock::starting(now);
        match self.follow(job, source, &clock).await {
            Ok(outcome) | Err(outcome) => outcome,
        }
    }

    async fn follow(
        &self,
        job: &FetchJob,
        source: &SourceConfig,
        clock: &Clock,
    ) -> Step<FetchOutcome> {
        let bad = |e: address::AddressError| {
            FetchOutcome::failed(&job.url, FetchErrorKind::BadAddress, e.to_string())
        };
        let mut url = address::parse(&job.url).map_err(bad)?;
        let mut seen = vec![without_fragment(&url)];
        loop {
            if !is_allowed_host(&url, source) {
                let detail = format!("host of {url} is not in the source's list");
                return Err(FetchOutcome::dropped(DropReason::OtherHost, detail));
            }
            let inside = self.enter(&url).await?;
            let host = self.host(&url);
            // The semaphore is never closed; were it, asking without a slot would still be orderly.
            let slot = host.slots.acquire().await.ok();
            self.check_robots(&url, &host, source, clock).await?;
            let delay = self.delay_for(&host, source, clock);
            sleep_until(host.reserve(delay, &self.policy, clock)?).await;
            // Taken after the host's turn has come, so that who waits for a slow host holds up nobody.
            let turn = self.turns.acquire().await.ok();
            still_ours(inside.as_ref(), clock)?;
            let response = self.send(&url, source, Some(&job.validators)).await;
            host.asked(delay, clock);
            let response = response?;
            if let Some(told) = answer::time_told(response.headers(), clock.now()) {
                host.told_time(told);
            }
            if response.status().is_redirection() && response.status() != StatusCode::NOT_MODIFIED {
                host.answered();
                let next = redirect_target(&url, &response)?;
                wall::redirect_to_a_wall(&seen[0], &next)?;
                self.note_hop(&mut seen, &next, &response)?;
                drop((slot, turn));
                url = next;
                continue;
            }
            self.settle(&host, &response, &url, clock)?;
            let page = self.read_page(job, &seen, url, response, clock).await?;
            return Ok(FetchOutcome::Page(Box::new(page)));
        }
    }

    /// Passes the gate, where there is one. A host that was another's comes with what that one has learned.
    async fn enter(&self, url: &Url) -> Step<Option<Inside>> {
        let Some(gate) = self.gate.get() else { return Ok(None) };
        let inside = Inside { gate: gate.clone(), authority: authority(url) };
        match gate.enter(&inside.authority).await {
            Entered::AsBefore => {}
            Entered::Anew(memory) => self.host(url).learn(*memory),
            Entered::NotYet { until } => {
                return Err(FetchOutcome::Refused { until, because: Refusal::Turn });
            }
        }
        Ok(Some(inside))
    }

    /// Adds a hop; a place seen before is a loop, and with a cookie set on the way a cookie wall.
    fn note_hop(&self, seen: &mut Vec<String>, next: &Url, response: &Response) -> Step<()> {
        let next = without_fragment(next);
        if seen.contains(&next) {
            if response.headers().contains_key("set-cookie") {
                let detail = format!("{next} asks for a cookie before it answers");
                return Err(FetchOutcome::dropped(DropReason::Walled, detail));
            }
            let cause = format!("hop {} leads back", seen.len());
            return Err(FetchOutcome::failed(&next, FetchErrorKind::RedirectLoop, cause));
        }
        if seen.len() > self.policy.max_redirects {
            let cause = format!("more than {}", self.policy.max_redirects);
            return Err(FetchOutcome::failed(&next, FetchErrorKind::TooManyRedirects, cause));
        }
        seen.push(next);
        Ok(())
    }

    /// Turns every status but success into its outcome, and tells the host's memory.
    fn settle(&self, host: &Host, response: &Response, url: &Url, clock: &Clock) -> Step<()> {
        let status = response.status();
        if matches!(status.as_u16(), 429 | 503) {
            let asked_for = answer::retry_after(response.headers(), clock.now());
            return Err(host.back_off(&self.policy, asked_for, clock.now()));
        }
        host.answered();
        match status.as_u16() {
            200..=299 => Ok(()),
            304 => Err(FetchOutcome::NotModified),
            401 | 407 => {
                Err(FetchOutcome::dropped(DropReason::Walled, format!("status {status} at {url}")))
            }
            404 | 410 => {
                Err(FetchOutcome::dropped(DropReason::Gone, format!("status {status} at {url}")))
            }
            code => {
                let kind = FetchErrorKind::Status(code);
                Err(FetchOutcome::failed(url.as_str(), kind, status.to_string()))
            }
        }
    }

    /// One request, up to the header.
    async fn send(
        &self,
        url: &Url,
        source: &SourceConfig,
        validators: Option<&Validators>,
    ) -> Step<Response> {
        let client = self.client_for(url, source)?;
        let mut request = client
            .get(url.clone())
            .header(ACCEPT, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
            .header(ACCEPT_LANGUAGE, "zh-CN,zh;q=0.9,en;q=0.5");
        if let Some(validators) = validators {
            if let Some(etag) = &validators.etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            if let Some(since) = &validators.last_modified {
                request = request.header(IF_MODIFIED_SINCE, since);
            }
        }
        match timeout(self.policy.header_timeout, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(FetchOutcome::Failed(answer::failure(url, &error))),
            Err(_) => {
                let cause = format!("no header within {:?}", self.policy.header_timeout);
                Err(FetchOutcome::failed(url.as_str(), FetchErrorKind::Timeout, cause))
            }
        }
    }

    /// The client that may ask for `url`: the private one only for places the source lists.
    fn client_for(&self, url: &Url, source: &SourceConfig) -> Step<&Client> {
        if guard::may_ask_private(url, source) {
            let built = self.private.get_or_init(|| client(&self.policy, &self.names, true));
            return built.as_ref().map_err(|cause| {
                FetchOutcome::failed(url.as_str(), FetchErrorKind::Protocol, cause.clone())
            });
        }
        if let Some(ip) = guard::private_literal(url) {
            let cause =
                format!("{ip} is not public, and `allow_private` does not list {}", authority(url));
            return Err(FetchOutcome::failed(url.as_str(), FetchErrorKind::PrivateAddress, cause));
        }
        Ok(&self.public)
    }

    /// The longest of what the source, the policy and robots.txt ask for.
    fn delay_for(&self, host: &Host, source: &SourceConfig, clock: &Clock) -> Duration {
        let own = source.delay_secs.and_then(|s| Duration::try_from_secs_f64(s).ok());
        let asked = host.with_robots(&self.policy, clock.now(), |known| match &known.standing {
            RobotsStanding::Rules(robots) => robots.crawl_delay_secs(&self.policy.robots_token),
            _ => None,
        });
        let asked = asked.flatten().and_then(|s| Duration::try_from_secs_f64(s).ok());
        own.unwrap_or(self.policy.delay)
            .max(asked.unwrap_or_default())
            .min(self.policy.longest_delay)
    }

    fn host(&self, url: &Url) -> Arc<Host> {
        let mut hosts = self.hosts();
        if hosts.len() >= MOST_HOSTS && !hosts.contains_key(&authority(url)) {
            make_room(&mut hosts);
        }
        let new = || Arc::new(Host::new(self.policy.per_host, HostMemory::default()));
        hosts.entry(authority(url)).or_insert_with(new).clone()
    }

    fn hosts(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Host>>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses where the host may be another's by now.
fn still_ours(inside: Option<&Inside>, clock: &Clock) -> Step<()> {
    match inside {
        Some(inside) if !inside.may_still_ask() => {
            Err(FetchOutcome::Refused { until: clock.now(), because: Refusal::Turn })
        }
        _ => Ok(()),
    }
}

/// Drops the half of the hosts that was asked longest ago; those in use stay. What the store remembers of them
/// comes back with the next start.
fn make_room(hosts: &mut HashMap<String, Arc<Host>>) {
    let mut asked = hosts.values().map(|host| host.last_asked()).collect::<Vec<_>>();
    asked.sort();
    let middle = asked[asked.len() / 2];
    hosts.retain(|_, host| Arc::strong_count(host) > 1 || host.last_asked() > middle);
}

fn client(policy: &FetchPolicy, names: &Names, private_ok: bool) -> Result<Client, String> {
    let extra = Certificate::from_pem_bundle(&policy.extra_roots_pem).map_err(|e| e.to_string())?;
    let build = |with_roots: bool| {
        let resolver = guard::GuardedNames { names: names.clone(), private_ok };
        let builder = Client::builder()
            .user_agent(&policy.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(policy.connect_timeout)
            .pool_max_idle_per_host(policy.per_host.max(1))
            .pool_idle_timeout(Duration::from_secs(30))
            .dns_resolver(resolver);
        let builder = if with_roots {
            builder.tls_certs_merge(extra.clone())
        } else {
            builder.tls_certs_only(extra.clone())
        };
        builder.build()
    };
    build(true).or_else(|error| {
        // A machine without root certificates can still read http; https then fails by name.
        tracing::warn!(%error, "no root certificates found: https pages will fail");
        build(false).map_err(|e| e.to_string())
    })
}

fn redirect_target(url: &Url, response: &Response) -> Step<Url> {
    let bad =
        |cause: String| FetchOutcome::failed(url.as_str(), FetchErrorKind::BadRedirect, cause);
    let Some(location) = response.headers().get(LOCATION) else {
        return Err(bad(format!("status {} without a place", response.status())));
    };
    let location = String::from_utf8_lossy(location.as_bytes());
    let next = url.join(location.trim()).map_err(|e| bad(format!("`{location}`: {e}")))?;
    address::parse(next.as_str()).map_err(|e| bad(e.to_string()))
}

fn without_fragment(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    url.into()
}
