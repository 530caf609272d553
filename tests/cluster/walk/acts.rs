//! The acts of the walk: each does one thing to a store, drawn at random, and answers what the store answered.

use chrono::{DateTime, TimeDelta, Utc};
use guanlan::store::{
    AnswerVersion, CaseLink, CaseRow, EvidenceRecord, Result, Role, RunOutcome, Session,
    StoreWrite, Tally, Token, Tries, User,
};
use pipelines::crawl::warc::Location;
use pipelines::record::{
    Alert, AlertState, AnnotatedPost, Comment, Correction, Evidence, FetchJob, Issue, Polarity,
    PostId, RuleHit, RuleId, Said, Severity, StoryId, Told, Validators,
};

use super::{Dice, start};
use crate::same::Keys;

/// One act under way.
pub struct Act<'a> {
    pub write: &'a dyn StoreWrite,
    pub keys: &'a Keys,
    pub dice: &'a mut Dice,
    pub now: DateTime<Utc>,
    /// What is taken back leaves a gap in numbers on a server, and none in a file: no number is drawn then.
    pub is_taken_back: bool,
}

impl Act<'_> {
    pub fn any(&mut self) -> Result<String> {
        match self.dice.below(if self.is_taken_back { 6 } else { 10 }) {
            0..3 => self.posts(),
            3 => self.stories(),
            4 => self.frontier(),
            5 => self.states(),
            6 => self.alerts(),
            7 => self.outbox(),
            8 => self.people(),
            _ => self.cases(),
        }
    }

    fn a_post(&mut self) -> AnnotatedPost {
        let mut post = self.dice.of(&self.keys.posts).clone();
        match self.dice.below(6) {
            0 => {
                post.post.text += "，改了";
                post.post.content_hash ^= 5;
            }
            1 => post.post.source = self.dice.of(&self.keys.sources).clone(),
            2 => post.post.issues.push(Issue::ClaimedAddress),
            3 => post.post.comments.push(Comment {
                text: "停".into(),
                published_at: None,
                author: None,
            }),
            _ => {}
        }
        post.post.fetched_at = self.now;
        post
    }

    fn posts(&mut self) -> Result<String> {
        let (post, w) = (self.a_post(), self.write);
        let id = post.post.id;
        Ok(match self.dice.below(9) {
            0 => format!("{:?}", w.delete_post(id)?),
            1 if self.dice.below(4) == 0 => format!("{:?}", w.bury_post(id, self.now)?),
            2 => {
                let (said, by) = (Said::Polarity(Polarity::Positive), "王".to_owned());
                let correction = Correction { post: id, said, by, at: self.now };
                format!("{:?}", w.put_correction(&correction)?)
            }
            3 => format!("{:?}", w.rewrite_post(&post)?),
            4 => {
                let from = usize::try_from(self.dice.below(3)).unwrap();
                let terms = self.keys.terms[from..].iter().map(|term| (term.clone(), self.now));
                format!("{:?}", w.note_terms(&terms.collect())?)
            }
            5 if !self.is_taken_back => {
                let import = w.begin_import(&post.post.source, "a.csv", self.now)?;
                if w.post(id)?.is_some() {
                    w.claim_for_import(import, id)?;
                }
                if self.dice.below(3) == 0 {
                    w.mark_import_undone(import, self.now)?;
                }
                import.to_string()
            }
            6 if !self.is_taken_back => self.evidence(id)?,
            7 => format!("{:?} {:?}", w.mark_gone(&post.post.url, self.now)?, w.first_post_time()?),
            8 => format!("{:?}", w.mark_served(&post.post.url, Some(id))?),
            _ => format!("{:?}", w.put_post(&post)?),
        })
    }

    fn evidence(&mut self, id: PostId) -> Result<String> {
        let place = Location {
            file: self.dice.of(&self.keys.files).clone(),
            offset: self.dice.below(1 << 40),
            length: 7,
            sha256: "ab".to_owned(),
        };
        let record = EvidenceRecord {
            place,
            url: "https://a.example/名".to_owned(),
            status: 200,
            payload: "cd".to_owned(),
            fetched_at: self.now,
        };
        let role = *self.dice.of(&[Role::Page, Role::Part, Role::Entry]);
        let put = self.write.put_evidence(&record, role, &[id, PostId(1)], self.now);
        Ok(format!("{:?}", put?))
    }

    fn stories(&mut self) -> Result<String> {
        let (a, b, w) = (self.a_post().post.id, self.a_post().post.id, self.write);
        Ok(match self.dice.below(2) {
            0 => format!("{:?}", w.set_story(&[a, b], StoryId(b))?),
            _ => format!("{:?}", w.merge_story(StoryId(a), StoryId(b))?),
        })
    }

    fn frontier(&mut self) -> Result<String> {
        let (post, w, now) = (self.a_post(), self.write, self.now);
        let (url, source) = (post.post.url.as_str(), &post.post.source);
        let mut job = FetchJob::new(url, source, now + TimeDelta::hours(2));
        job.hint.counts.comments = Some(self.dice.below(9));
        Ok(match self.dice.below(9) {
            0 => format!(
                "{:?}",
                w.finish_job(
                    url,
                    self.dice.of::<&str>(&["kept", "dropped:too_old", "failed:timeout"]),
                    now
                )?
            ),
            1 => format!("{:?}", w.look_again(url, now, &Validators::default(), now)?),
            2 => format!("{:?}", w.renew_job(&job)?),
            3 => format!("{:?}", w.postpone_job(url, now, 3)?),
            4 => {
                job.url = format!("https://{}.example/feed", source.as_str());
                format!("{:?}", w.put_entry(&job)?)
            }
            5 => format!("{:?}", w.forget_readings(source)?),
            6 => format!("{:?}", w.forget_done_jobs(now - TimeDelta::hours(3))?),
            _ => format!("{:?}", w.add_jobs(&[job])?),
        })
    }

    fn states(&mut self) -> Result<String> {
        let (source, w, now) = (self.dice.of(&self.keys.sources).clone(), self.write, self.now);
        let name = *self.dice.of::<&str>(&["digest:day", "file:a:x", "名_1", "名%1", "Host:a"]);
        let tally = Tally {
            received: 3,
            kept: 1,
            dropped: vec![("too_old".to_owned(), 1)],
            failed: vec![("timeout".to_owned(), 1)],
        };
        let error =
            self.dice.of(&[None, Some(("dns".to_owned(), "no \"host\"".to_owned()))]).clone();
        Ok(match self.dice.below(10) {
            0 => format!("{:?}", w.add_tally(&source, now, &tally)?),
            1 => format!(
                "{:?}",
                w.put_run(&source, &RunOutcome { started: now, ended: now, error, kept: 1 })?
            ),
            2 => format!("{:?}", w.drop_state(name)?),
            3 => format!("{:?} {:?}", w.state(name)?, w.last_post_of(&source)?),
            4 if self.dice.below(5) == 0 => {
                format!("{:?}", w.mend_waits(now - TimeDelta::hours(2))?)
            }
            5 if self.dice.below(5) == 0 => {
                format!("{:?}", w.mend_future(now - TimeDelta::hours(1), start())?)
            }
            6 => format!("{:?}", w.thin_tallies(now - TimeDelta::hours(30))?),
            7 => format!("{:?}", w.audit_once(now, "fetch", "https://a.example/1", "名")?),
            8 if !self.is_taken_back => format!(
                "{:?}",
                w.audit(now, "fetch", self.dice.of::<&str>(&["https://a", "名", "https://A"]), "")?
            ),
            _ => format!("{:?}", w.put_state(name, &now.to_rfc3339())?),
        })
    }

    fn alerts(&mut self) -> Result<String> {
        let (post, w, now) = (self.a_post(), self.write, self.now);
        let (id, rule) = (post.post.id, self.dice.of(&self.keys.rules).clone());
        let since = now - TimeDelta::hours(5);
        Ok(match self.dice.below(9) {
            0 => format!("{:?}", w.delete_alerts(now - TimeDelta::days(1))?),
            1 => format!(
                "{:?}",
                w.set_alert_state(
                    i64::try_from(self.dice.below(12)).unwrap(),
                    AlertState::Closed,
                    now
                )?
            ),
            2 => {
                let of = w.hits_of(&rule, since, &[post.story])?;
                let spans = w.hit_spans(&rule, &[id])?;
                format!("{:?} {of:?} {spans:?}", w.bare_hits(&rule, since)?)
            }
            3 => {
                let of = w.alerts_of(&rule, since, &[post.story])?;
                format!("{:?} {of:?} {:?}", w.rule_alerts(&rule, since)?, w.latest_alert(&rule)?)
            }
            4 => {
                let key = format!("{}@{}", rule.as_str(), self.dice.below(12));
                format!("{:?} {:?}", w.last_hit_before(&rule, since)?, w.drop_alert(&key)?)
            }
            5 if self.dice.below(5) == 0 => format!("{:?}", w.forget_hits(&rule)?),
            6 | 7 => format!(
                "{:?}",
                w.put_hit(&RuleHit {
                    rule,
                    post: id,
                    story: post.story,
                    at: now,
                    spans: Vec::new()
                })?
            ),
            _ => {
                let key = format!("{}@{}", rule.as_str(), self.dice.below(12));
                let story = *self.dice.of(&[Some(post.story), None]);
                let put = w.put_alert(&alert(&key, rule, story, id, now), now)?;
                format!("{put:?} {:?}", w.alert_number(&key)?)
            }
        })
    }

    fn outbox(&mut self) -> Result<String> {
        let (w, now) = (self.write, self.now);
        let number = i64::try_from(self.dice.below(15)).unwrap();
        let (key, way) =
            (format!("k{}", self.dice.below(15)), self.dice.of(&self.keys.ways).clone());
        let url = self.dice.of(&self.keys.posts).post.url.clone();
        let told =
            format!("{{\"kind\":\"alert\",\"data\":{{\"evidence\":[{{\"url\":\"{url}\"}}]}}}}");
        let body =
            self.dice.of(&[told, "{\"kind\":\"digest\"}".to_owned(), "纯文本".to_owned()]).clone();
        Ok(match self.dice.below(9) {
            0 => format!("{:?}", w.mark_sent(number, now)?),
            1 => format!("{:?}", w.note_wait(number, "忙")?),
            2 => format!("{:?}", w.revive(Some(&way), now)?),
            3 => format!("{:?}", w.revive(None, now)?),
            4 => format!("{:?}", w.reroute(&way, &self.keys.ways[0], now)?),
            5 => format!("{:?}", w.strip_deliveries()?),
            6 => format!(
                "{:?}",
                w.mark_failed(number, "断", self.dice.of(&[None, Some(now)]).to_owned())?
            ),
            _ => format!("{:?} {:?}", w.enqueue(&key, &way, &body, now)?, w.is_queued(&key)?),
        })
    }

    fn people(&mut self) -> Result<String> {
        let (name, w, now) = (self.dice.of(&self.keys.people).clone(), self.write, self.now);
        let (user, what) = (name.clone(), format!("account:{name}"));
        let is_there = w.user(&name)?.is_some();
        Ok(match self.dice.below(9) {
            0 if is_there => {
                let (hash, address, agent) =
                    (format!("session of {name}"), "::1".to_owned(), "x".to_owned());
                format!(
                    "{:?}",
                    w.put_session(&Session { hash, user, made: now, seen: now, address, agent })?
                )
            }
            1 if is_there && w.all_users()?.len() > 1 => {
                let (hash, scope) =
                    (format!("token of {name} {}", self.dice.below(1 << 40)), "read".to_owned());
                let token = Token {
                    id: 0,
                    hash,
                    user,
                    label: "标".into(),
                    scope,
                    made: now,
                    ends: now,
                    revoked: None,
                };
                format!("{:?}", w.put_token(&token)?)
            }
            2 => format!("{:?}", w.revoke_token(i64::try_from(self.dice.below(9)).unwrap(), now)?),
            3 => format!(
                "{:?}",
                w.put_tries(&what, Some(Tries { failed: 2, last: now, until: now }))?
            ),
            4 => format!("{:?} {:?}", w.tries_now(&what)?, w.put_tries(&what, None)?),
            5 => format!("{:?}", w.end_sessions(&name)?),
            6 => format!(
                "{:?}",
                w.forget_sessions(now - TimeDelta::hours(9), now - TimeDelta::hours(5), now)?
            ),
            7 => format!("{:?}", w.audit_by(now, &name, "rule", "名", "详")?),
            _ => {
                let units = vec!["u1".to_owned(), "单位".to_owned()];
                let (role, password, disabled) = ("editor".to_owned(), "$x".to_owned(), None);
                format!(
                    "{:?}",
                    w.put_user(&User { name, role, units, password, made: now, disabled })?
                )
            }
        })
    }

    fn cases(&mut self) -> Result<String> {
        let (post, w, now) = (self.a_post().post.id, self.write, self.now);
        Ok(match self.dice.below(4) {
            0 => {
                let number = w.next_answer_number()?;
                let known = i64::try_from(self.dice.below(3)).unwrap() + 1;
                let number = number.min(known);
                let version = u32::try_from(w.answer_now(number)?.map_or(0, |record| record.len()))
                    .unwrap()
                    + 1;
                let record = "x".repeat(usize::try_from(version).unwrap());
                let (who, done) = ("陆".to_owned(), "write".to_owned());
                format!(
                    "{:?}",
                    w.put_answer(&AnswerVersion { number, version, at: now, who, done, record })?
                )
            }
            1 => {
                let link = *self.dice.of(&[
                    CaseLink::Post(post),
                    CaseLink::Story(StoryId(post)),
                    CaseLink::Alert(3),
                ]);
                format!("{:?} {:?}", w.link_case("2026-0001", link)?, w.cases_about_now(link)?)
            }
            _ => {
                let number =
                    w.next_case_number(2026 + i32::try_from(self.dice.below(2)).unwrap())?;
                let record = "{\"名\":1}".to_owned();
                let case = CaseRow {
                    number,
                    version: 1,
                    state: "new".into(),
                    opened: now,
                    updated: now,
                    record,
                };
                format!("{:?} {:?}", w.put_case(&case, "{}")?, w.case_now(&case.number)?)
            }
        })
    }
}

fn alert(
    key: &str,
    rule: RuleId,
    story: Option<StoryId>,
    post: PostId,
    now: DateTime<Utc>,
) -> Alert {
    Alert {
        key: key.to_owned(),
        rule,
        story,
        window_start: now - TimeDelta::hours(1),
        fired_at: now,
        measured: 2.5,
        threshold: 1.0,
        evidence: vec![Evidence { post, spans: Vec::new() }],
        because: None,
        told: Told::default(),
        severity: Severity::Major,
        state: AlertState::Open,
    }
}
