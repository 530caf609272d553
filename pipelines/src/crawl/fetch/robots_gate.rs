//! Reads a host's robots.txt when it is due, and asks it about each address.
//!
//! In: an address about to be asked. Out: nothing, or the outcome that stops it, with the line that
//! decided. One reader per host at a time; the others wait for its result. Status rules of RFC 9309: 2xx is
//! read, 4xx permits all, 5xx or silence forbids all until the next try, up to five redirects.

use url::Url;

use super::answer::{self, Overlong};
use super::host::{Clock, Host, KnownRobots, RobotsStanding};
use super::outcome::{FetchOutcome, Refusal};
use super::{Fetcher, Step, redirect_target};
use crate::crawl::SourceConfig;
use crate::crawl::robots::{MAX_ROBOTS_BYTES, Robots};
use crate::record::DropReason;

/// RFC 9309, 2.3.1.2: at least five consecutive redirects.
const ROBOTS_REDIRECTS: usize = 5;

impl Fetcher {
    pub(super) async fn check_robots(
        &self,
        url: &Url,
        host: &Host,
        source: &SourceConfig,
        clock: &Clock,
    ) -> Step<()> {
        let decide = |known: &KnownRobots| self.decide(known, url);
        if let Some(decision) = host.with_robots(&self.policy, clock.now(), decide) {
            return decision;
        }
        let reading = host.robots_read.lock().await;
        if let Some(decision) = host.with_robots(&self.policy, clock.now(), decide) {
            return decision;
        }
        let standing = self.read_robots(url, host, source, clock).await?;
        host.learn_robots(standing, &self.policy, clock.now());
        drop(reading);
        host.with_robots(&self.policy, clock.now(), decide).unwrap_or(Ok(()))
    }

    fn decide(&self, known: &KnownRobots, url: &Url) -> Step<()> {
        match &known.standing {
            RobotsStanding::None { .. } => Ok(()),
            RobotsStanding::Unreachable { .. } => Err(FetchOutcome::Refused {
                until: known.expires_at,
                because: Refusal::RobotsUnreachable,
            }),
            RobotsStanding::Rules(robots) => {
                let decision = robots.check(&self.policy.robots_token, url.as_str());
                if decision.allowed {
                    return Ok(());
                }
                let rule = decision.rule.map(|(line, rule)| format!("line {line} `{rule}`"));
                let rule = rule.unwrap_or_default();
                Err(FetchOutcome::dropped(
                    DropReason::Robots,
                    format!("robots.txt {rule} for {url}"),
                ))
            }
        }
    }

    /// `Err` only where our own politeness forbids even to ask for the file.
    async fn read_robots(
        &self,
        url: &Url,
        host: &Host,
        source: &SourceConfig,
        clock: &Clock,
    ) -> Step<RobotsStanding> {
        let unreachable = |cause: String| Ok(RobotsStanding::Unreachable { cause, tries: 0 });
        let mut place = url.clone();
        place.set_path("/robots.txt");
        place.set_query(None);
        place.set_fragment(None);
        let delay = self.delay_for(host, source, clock);
        tokio::time::sleep_until(host.reserve(delay, &self.policy, clock)?).await;
        for _ in 0..=ROBOTS_REDIRECTS {
            let sent = self.send(&place, source, None).await;
            host.asked(delay, clock);
            let response = match sent {
                Ok(response) => response,
                // A name or address that cannot be asked fails by its own kind, not as a robots matter.
                Err(FetchOutcome::Failed(error)) if error.is_about_the_place() => {
                    return Err(FetchOutcome::Failed(error));
                }
                Err(outcome) => return unreachable(outcome.audit().unwrap_or_default()),
            };
            let status = response.status();
            if status.is_redirection() {
                match redirect_target(&place, &response) {
                    Ok(next) => place = next,
                    Err(outcome) => return unreachable(outcome.audit().unwrap_or_default()),
                }
                continue;
            }
            if status.is_success() {
                let limit = (MAX_ROBOTS_BYTES, Overlong::Cut);
                return match answer::read_body(&place, response, limit, &self.policy).await {
                    Ok(body) => Ok(RobotsStanding::Rules(Robots::parse(&body))),
                    Err(error) => unreachable(error.to_string()),
                };
            }
            if status.is_client_error() && status.as_u16() != 429 {
                return Ok(RobotsStanding::None { status: status.as_u16() });
            }
            return unreachable(format!("status {status}"));
        }
        // RFC 9309: beyond the redirects followed, the file may be taken as unavailable.
        Ok(RobotsStanding::None { status: 310 })
    }
}
