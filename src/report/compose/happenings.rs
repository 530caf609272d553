//! Happenings in words: a paragraph each for what must be looked into, a line each for the rest, and one told at length.
//!
//! In: the lists of a digest. Out: sections. What a post says is quoted, what it counts as is told with its mark.

use pipelines::record::Severity;

use super::super::digest::Figure;
use super::super::happening::{AnswerLine, ClaimLine, ClaimState, Happening};
use super::super::paper::{Block, Run, Runs, joined, spaced, text};
use super::opening::CLAIMS;
use super::{PeriodKind, Writer, count, is_blank, quote, title};

/// Grievances and praise of a daily that has little room.
const GRIEVANCES: usize = 3;
const PRAISE: usize = 1;

impl Writer<'_> {
    pub(super) fn matters(&mut self) {
        let all = &self.d.happenings;
        if all.matters.is_empty() {
            return;
        }
        self.section("matters");
        for (i, matter) in all.matters.iter().enumerate() {
            let part = Run::Part(self.part(i + 1));
            let name = [vec![part], title(&matter.headline), text(self.graded(matter))].concat();
            // A daily has said in its opening what is settled of the first.
            let above = if i == 0 && self.d.period == PeriodKind::Day { CLAIMS } else { 0 };
            let told =
                [self.began(matter), self.claims(matter, above), self.answered(matter)].concat();
            let handled = self.handled(matter, "story.case");
            self.body.push(Block::Para(spaced([name, told, handled].concat())));
        }
        self.left_out(all.left_out[0]);
    }

    pub(super) fn grievances(&mut self) {
        let all = &self.d.happenings;
        let lines = all.grievances.iter().map(|grievance| {
            let answer = match grievance.answers.first() {
                Some(answer) if answer.title == grievance.title => {
                    text(self.text("line.is_answer"))
                }
                Some(answer) => self.fill("line.answered", &[("title", title(&answer.title))]),
                None => text(self.text("line.unanswered")),
            };
            let answer = [answer, self.handled(grievance, "line.case")].concat();
            self.fill("line.grievance", &[("line", self.line(grievance)), ("answer", answer)])
        });
        let lines = lines.collect();
        self.list(("grievances", GRIEVANCES), lines, all.left_out[1]);
    }

    pub(super) fn praise(&mut self) {
        let all = &self.d.happenings;
        let lines = all.praise.iter().map(|praise| self.ended(self.line(praise))).collect();
        self.list(("praise", PRAISE), lines, all.left_out[2]);
    }

    /// All that is neither: one paragraph of titles.
    pub(super) fn others(&mut self) {
        let all = &self.d.happenings;
        if all.others.is_empty() {
            return;
        }
        let is_short = self.d.period == PeriodKind::Day;
        if !is_short {
            self.section("others");
        }
        let line = |other: &Happening| {
            let posts = match other.shares.posts {
                posts if posts.value.unwrap_or(0) < 2 => Vec::new(),
                posts => self.fill("line.count", &[("posts", count(posts))]),
            };
            [title(&other.title), posts].concat()
        };
        let lines = joined(all.others.iter().map(line), &self.text("pause"));
        let line = self.ended(lines);
        let line = if is_short { self.fill("line.others", &[("list", line)]) } else { line };
        self.body.push(Block::Para(line));
        self.left_out(all.left_out[3]);
    }

    /// Lines with their numbers; where there is little room, the first `few`, and the marks of the others.
    fn list(&mut self, (key, few): (&str, usize), mut lines: Vec<Runs>, left_out: Figure) {
        if lines.is_empty() {
            return;
        }
        self.section(key);
        let most = match self.tight {
            0..=3 => lines.len(),
            4..=6 => few,
            _ => few.saturating_sub(1).max(1),
        };
        let rest = lines.split_off(most.min(lines.len()));
        for (i, line) in lines.into_iter().enumerate() {
            let number = self.say("line.number", &[("number", &(i + 1))]);
            self.body.push(Block::Para([text(number), line].concat()));
        }
        if !rest.is_empty() {
            let named = rest.iter().filter_map(|line| {
                line.iter().find_map(|run| match run {
                    Run::Quote(quote) => Some(Run::Mark(quote.post)),
                    Run::Mark(post) => Some(Run::Mark(*post)),
                    _ => None,
                })
            });
            let line = self.fill("line.rest", &[("marks", named.collect())]);
            self.body.push(Block::Note(line));
        }
        self.left_out(left_out);
    }

    fn left_out(&mut self, left_out: Figure) {
        if left_out.value.unwrap_or(0) > 0 {
            let line = self.fill("left_out", &[("count", count(left_out))]);
            self.body.push(Block::Note(line));
        }
    }

    /// What is said, where and how often, in one line.
    fn line(&self, happening: &Happening) -> Runs {
        let posts = happening.shares.posts;
        let spread = match posts.value {
            Some(0 | 1) | None => Vec::new(),
            _ => self.fill(
                "line.spread",
                &[("posts", count(posts)), ("outlets", text(happening.outlets.to_string()))],
            ),
        };
        self.fill(
            "line.said",
            &[
                ("point", quote(&happening.point)),
                ("source", text(happening.point.source.clone())),
                ("at", text(self.when(happening.first_at, "short_day"))),
                ("spread", spread),
            ],
        )
    }

    fn graded(&self, happening: &Happening) -> String {
        let severity = self.lang.text(&format!("record.severity.{}", happening.grade.as_str()));
        self.say("story.grade", &[("severity", &severity), ("risk", &happening.risk)])
    }

    /// Who was first, with its first words, and how far it went.
    fn began(&self, happening: &Happening) -> Runs {
        let channel = self.lang.text(&format!("record.channel.{}", happening.channel.as_str()));
        let mut places = vec![
            ("source", text(happening.title.source.clone())),
            ("channel", text(channel)),
            ("at", text(self.first_time(happening))),
            ("lead", quote(&happening.lead)),
        ];
        let leading = self.d.happenings.matters.first();
        let is_leading = leading.is_some_and(|leading| leading.id == happening.id);
        let is_brief = self.d.period == PeriodKind::Day && happening.grade == Severity::Ordinary
            || self.tight > 2 && !is_leading;
        let key = if happening.headline != happening.title {
            places.push(("title", title(&happening.title)));
            "story.rumoured"
        } else if happening.is_older {
            "story.older"
        } else if is_brief {
            "story.brief"
        } else {
            "story.first"
        };
        let first = self.fill(key, &places);
        [first, self.spread_of(happening)].concat()
    }

    /// Posts, outlets, copies, reach and channels; nothing of a single post.
    fn spread_of(&self, happening: &Happening) -> Runs {
        let posts = happening.shares.posts;
        if posts.value.unwrap_or(0) < 2 {
            return Vec::new();
        }
        let some = |figure: Figure, key: &str| match figure.value {
            Some(0) | None => Vec::new(),
            Some(_) => self.fill(key, &[("count", count(figure))]),
        };
        let channels = happening.channels.iter().map(|(channel, figure)| {
            let name = self.lang.text(&format!("record.channel.{}", channel.as_str()));
            self.fill("story.channel", &[("name", text(name)), ("count", count(*figure))])
        });
        // What is short has no room for them.
        let channels: Runs = match self.d.period {
            PeriodKind::Day | PeriodKind::Flash => Vec::new(),
            _ => joined(channels, &self.text("separator")),
        };
        let more = joined(
            [some(happening.copies, "story.copies"), some(happening.high, "story.high"), channels],
            &self.text("comma"),
        );
        self.fill(
            "story.spread",
            &[
                ("posts", count(posts)),
                ("outlets", text(happening.outlets.to_string())),
                ("more", more),
            ],
        )
    }

    /// Claims, but for the first `above` of those that are settled.
    fn claims(&self, happening: &Happening, above: usize) -> Runs {
        let mut settled = 0;
        let is_left = |claim: &&ClaimLine| {
            settled += usize::from(claim.settled.is_some());
            claim.settled.is_none() || settled > above
        };
        // A flash report has one page.
        let most = match (self.d.period, self.tight) {
            (PeriodKind::Flash, 3..) => 1,
            (PeriodKind::Flash, _) => CLAIMS,
            _ => usize::MAX,
        };
        let line = self.told_of(happening.claims.iter().filter(is_left).take(most));
        if is_blank(&line) { Vec::new() } else { self.ended(line) }
    }

    /// Claims one after the other; a house that settles two in a row is named once.
    pub(super) fn told_of<'c>(&self, claims: impl Iterator<Item = &'c ClaimLine>) -> Runs {
        let mut last: Option<&ClaimLine> = None;
        let mut lines = Vec::new();
        for claim in claims {
            // Two numbers of one sentence are told once.
            let is_told = |last: &ClaimLine| {
                last.state == claim.state
                    && last.said == claim.said
                    && last.settled == claim.settled
            };
            if last.is_some_and(is_told) {
                continue;
            }
            let same = last.is_some_and(|last| last.by.is_some() && last.by == claim.by);
            lines.push(match &claim.settled {
                Some(settled) if same => self.fill("claim.again", &[("settled", quote(settled))]),
                _ => self.claim(claim),
            });
            last = Some(claim);
        }
        joined(lines, &self.text("pause"))
    }

    /// A claim and what became of it.
    pub(super) fn claim(&self, claim: &ClaimLine) -> Runs {
        let said = claim.said.as_ref().map(quote);
        let by = text(claim.by.clone().unwrap_or_default());
        let settled = claim.settled.as_ref().map(quote);
        let state = claim.state.as_str();
        match (said, settled) {
            (Some(said), Some(settled)) if claim.state != ClaimState::Confirmed => {
                let places = [("said", said), ("by", by), ("settled", settled)];
                self.fill(&format!("claim.{state}_said"), &places)
            }
            (_, Some(settled)) => {
                self.fill(&format!("claim.{state}"), &[("by", by), ("settled", settled)])
            }
            (Some(said), None) => {
                let source =
                    claim.said.as_ref().map(|quote| quote.source.clone()).unwrap_or_default();
                self.fill(&format!("claim.{state}"), &[("said", said), ("source", text(source))])
            }
            (None, None) => Vec::new(),
        }
    }

    fn answered(&self, happening: &Happening) -> Runs {
        if happening.answers.is_empty() {
            return text(self.text("story.unanswered"));
        }
        // What it goes by is its answer, or what settles its claims is: named once.
        let is_named = |answer: &AnswerLine| answer.title == happening.headline;
        let is_settled = happening.claims.iter().any(|claim| claim.settled.is_some());
        if is_settled || happening.answers.iter().all(is_named) {
            return Vec::new();
        }
        let lines = happening.answers.iter().map(|answer| {
            let places = [
                ("source", text(answer.title.source.clone())),
                ("at", text(self.when(answer.at, "minute"))),
                ("title", title(&answer.title)),
            ];
            self.fill("story.answer", &places)
        });
        let lines = joined(lines, &self.text("pause"));
        self.fill("story.answers", &[("list", lines)])
    }

    /// The one happening of a 快报 or 专报, whatever list it stands in.
    fn one(&self) -> Option<&Happening> {
        let all = &self.d.happenings;
        let lists = [&all.matters, &all.grievances, &all.praise, &all.others];
        lists.into_iter().find_map(|list| list.first())
    }

    /// What happened, what is claimed, who answered.
    pub(super) fn happening(&mut self) {
        let Some(one) = self.one().cloned() else { return };
        self.section("outline");
        let name = [title(&one.headline), text(self.graded(&one))].concat();
        let (began, claims) = (self.began(&one), self.claims(&one, 0));
        let answered = self.answered(&one);
        // That nobody answered stands with what was said: it has no post of its own.
        let told = match claims.is_empty() && one.answers.is_empty() {
            true => vec![[name, began, answered].concat()],
            false => vec![[name, began].concat(), [claims, answered].concat()],
        };
        self.body.extend(told.into_iter().filter(|line| !is_blank(line)).map(Block::Para));
        if self.d.period == PeriodKind::Flash {
            self.content();
            let acting = self.acting();
            self.body.extend(acting.map(Block::Para));
        }
    }

    /// How it went from source to source, by time and channel.
    pub(super) fn spread(&mut self) {
        let Some(one) = self.one().cloned() else { return };
        self.section("spread");
        self.drawn_curve();
        let steps = one.path.iter().map(|(at, step)| {
            let places = [
                ("at", text(self.when(*at, "minute"))),
                ("source", text(step.source.clone())),
                ("title", title(step)),
            ];
            self.fill("story.step", &places)
        });
        let line = self.ended(joined(steps, &self.text("pause")));
        self.body.push(Block::Para(line));
        self.channels();
    }

    /// What people say of it.
    pub(super) fn content(&mut self) {
        let Some(one) = self.one().cloned() else { return };
        let most = match self.d.period {
            PeriodKind::Flash => usize::from(2_u8.saturating_sub(self.tight)),
            _ => one.views.len(),
        };
        if one.views.is_empty() || most == 0 {
            return;
        }
        self.section("content");
        for (i, view) in one.views.iter().take(most).enumerate() {
            let number = self.say("line.number", &[("number", &(i + 1))]);
            let places =
                [("source", text(view.source.clone())), ("point", vec![Run::Quote(view.clone())])];
            let line = [text(number), self.fill("story.view", &places)].concat();
            self.body.push(Block::Para(line));
        }
    }

    /// Left to the officer, and marked so.
    pub(super) fn advice(&mut self) {
        self.section("advice");
        let line = self.text("advice");
        self.body.push(Block::Para(text(line)));
    }
}
