//! The happenings of a period: sorted into what must be looked into, grievances, praise and the rest, each told once.
//!
//! In: the posts about us. Out: lists of [`Happening`]s by seriousness, then by spread. What belongs together was decided
//! when the posts were annotated; beyond that only a refutation is put to the rumour it refutes.

use std::cmp::Reverse;
use std::collections::HashSet;

use pipelines::annotate::{Role, is_near_copy};
use pipelines::record::{Channel, Polarity, PostId, SubjectId, Trust};

use super::claims::claims;
use super::digest::{Figure, Happenings, Quote};
use super::groups::{Group, Sort, grouped, is_answer};
use super::happening::{AnswerLine, Happening};
use super::input::{DigestPost, PeriodKind};
use super::ledger::Ledger;

/// Happenings told of each list: matters, grievances, praise, others.
fn room(period: PeriodKind) -> [usize; 4] {
    match period {
        PeriodKind::Day => [3, 4, 2, 3],
        PeriodKind::Flash => [1, 1, 1, 1],
        PeriodKind::Week => [6, 6, 5, 6],
        PeriodKind::Month | PeriodKind::Special => [10, 10, 8, 8],
    }
}

/// Answers named of one happening.
const ANSWERS: usize = 1;
/// Posts of one happening that are compared for copies; a larger one is counted by equal texts alone.
const COMPARED: usize = 400;
/// Views and steps of the path of a happening that is told at length.
const AT_LENGTH: usize = 8;

/// The happenings of the posts about us, and how many there are.
pub(super) fn happenings(ledger: &mut Ledger) -> (Happenings, u64) {
    let groups = grouped(&ledger.ours);
    let count = groups.len() as u64;
    let topics = &ledger.input.grievance_topics;
    let mut lists: [Vec<Group>; 4] = Default::default();
    // What began with our own news stands with our own voice: nobody praises us by reprinting it.
    let own: HashSet<PostId> = ledger.input.own.iter().flatten().map(|own| own.post.id).collect();
    for group in groups {
        let sort = group.sort(topics);
        let is_ours = group.0.first().is_some_and(|post| own.contains(&post.id));
        if is_ours && matches!(sort, Sort::Other | Sort::Praise) {
            continue;
        }
        lists[sort as usize].push(group);
    }
    for list in &mut lists {
        list.sort_by_cached_key(|group| {
            let last = group.0.last().map(|post| post.time());
            Reverse((group.grade(), group.outlets(), group.0.len(), group.risk(), last))
        });
    }
    // Praise stands by its worth first; the sort is stable.
    lists[Sort::Praise as usize].sort_by_cached_key(|group| Reverse(group.worth()));
    let [matters, grievances, praise, others] = lists;
    let open =
        matters.iter().chain(&grievances).filter(|group| !group.0.iter().any(|p| is_answer(p)));
    let open: Vec<&DigestPost> =
        open.filter_map(|group| group.telling().first().copied()).collect();
    let room = room(ledger.input.period);
    let mut lines = |list: &[Group], at: usize| -> (Vec<Happening>, Figure) {
        let told = list.iter().take(room[at]).filter_map(|group| told(ledger, group)).collect();
        let left = list.iter().skip(room[at]).filter_map(|group| group.telling().first().copied());
        (told, ledger.figure(&["digest.set.left_out"], left))
    };
    let told = [&matters, &grievances, &praise, &others].map(Vec::as_slice);
    let [a, b, c, d] = [0, 1, 2, 3].map(|i| lines(told[i], i));
    let unanswered = ledger.figure(&["digest.set.unanswered"], open.into_iter());
    let left_out = [a.1, b.1, c.1, d.1];
    (
        Happenings {
            matters: a.0,
            grievances: b.0,
            praise: c.0,
            others: d.0,
            left_out,
            unanswered,
        },
        count,
    )
}

fn told(ledger: &mut Ledger, group: &Group) -> Option<Happening> {
    let telling = group.telling();
    let (first, posts) = (*telling.first()?, &group.0);
    let best = |post: &&DigestPost| match post.polarity() {
        Polarity::Negative => 3 + u32::from(post.risk),
        Polarity::Positive => 2,
        Polarity::Neutral => 1,
    };
    let pointed = telling.iter().rev().copied().max_by_key(best)?;
    let called = headline(first, posts);
    let headline = ledger.quote(&called.title, called);
    let title = ledger.quote(&first.title, first);
    let lead = ledger.quote(&first.said.lead, first);
    let point = ledger.quote(&pointed.said.point, pointed);
    let shares = ledger.shares(&first.title, posts, DigestPost::polarity);
    let mut high: Vec<&DigestPost> = Vec::new();
    for post in posts.iter().filter(|post| post.said.trust == Trust::High) {
        if high.iter().all(|other| other.source != post.source) {
            high.push(post);
        }
    }
    let at_length = matches!(ledger.input.period, PeriodKind::Flash | PeriodKind::Special);
    Some(Happening {
        id: first.story,
        stories: posts.iter().map(|post| post.story).collect(),
        first: first.id,
        is_worth_telling: matches!(group.worth(), (true, ..) | (_, true, true)),
        channel: first.channel,
        first_at: first.time(),
        has_time: first.has_time,
        is_older: posts.iter().all(|post| post.id != first.story.0)
            && first.time() >= ledger.input.from,
        outlets: group.outlets() as u64,
        high: ledger.figure(&[&first.title, "digest.set.high"], high.into_iter()),
        copies: ledger.figure(&[&first.title, "digest.set.copies"], copies(posts).into_iter()),
        channels: channels(ledger, first, posts),
        subjects: subjects(ledger, posts),
        risk: group.risk(),
        grade: group.grade(),
        claims: claims(ledger, posts),
        answers: answers(ledger, posts),
        views: if at_length { views(ledger, &telling) } else { Vec::new() },
        path: if at_length { path(ledger, posts) } else { Vec::new() },
        title,
        headline,
        lead,
        point,
        shares,
    })
}

/// The post a happening is called by: of hearsay that was answered, the answer that reaches furthest, the first of equals;
/// a rumour is no headline.
fn headline<'p>(first: &'p DigestPost, posts: &[&'p DigestPost]) -> &'p DigestPost {
    if first.said.role != Role::Rumour {
        return first;
    }
    let answers = posts.iter().rev().copied().filter(|post| is_answer(post));
    answers.max_by_key(|post| (post.said.trust, post.said.role)).unwrap_or(first)
}

/// Those that are copies or near copies of an earlier one.
fn copies<'p>(posts: &[&'p DigestPost]) -> Vec<&'p DigestPost> {
    let mut seen: Vec<&DigestPost> = Vec::new();
    let mut hashes = HashSet::new();
    let mut copies = Vec::new();
    for post in posts {
        let is_copy = !hashes.insert(post.content_hash)
            || seen
                .iter()
                .any(|other| is_near_copy(&other.said.fingerprint, &post.said.fingerprint));
        if is_copy {
            copies.push(*post);
        } else if seen.len() < COMPARED && !post.said.fingerprint.sketch.is_empty() {
            seen.push(post);
        }
    }
    copies
}

fn channels(
    ledger: &mut Ledger,
    first: &DigestPost,
    posts: &[&DigestPost],
) -> Vec<(Channel, Figure)> {
    let mut channels = Vec::new();
    for channel in Channel::ALL {
        let label = format!("record.channel.{}", channel.as_str());
        let of = posts.iter().copied().filter(|post| post.channel == channel);
        let figure = ledger.figure(&[&first.title, &label], of);
        if figure.value != Some(0) {
            channels.push((channel, figure));
        }
    }
    channels.sort_by_key(|(_, figure)| Reverse(figure.value));
    channels
}

/// Names of the subjects, the one that most posts name first.
fn subjects(ledger: &Ledger, posts: &[&DigestPost]) -> Vec<String> {
    let names = |id: &SubjectId| {
        posts.iter().filter(|post| post.subjects.iter().any(|(subject, _)| subject == id)).count()
    };
    let mut named: Vec<(usize, &String)> =
        ledger.input.subjects.iter().map(|(id, name)| (names(id), name)).collect();
    named.retain(|(count, _)| *count > 0);
    named.sort_by_key(|(count, _)| Reverse(*count));
    named.into_iter().map(|(_, name)| name.clone()).collect()
}

/// The latest answers, one a source.
fn answers(ledger: &mut Ledger, posts: &[&DigestPost]) -> Vec<AnswerLine> {
    let mut chosen: Vec<&DigestPost> = Vec::new();
    for post in posts.iter().rev().filter(|post| is_answer(post)) {
        let is_new =
            chosen.iter().all(|other| other.source != post.source && other.title != post.title);
        if chosen.len() < ANSWERS && is_new {
            chosen.push(post);
        }
    }
    let line = |post: &DigestPost| AnswerLine {
        title: ledger.quote(&post.title, post),
        at: post.time(),
        lead: ledger.quote(&post.said.lead, post),
    };
    chosen.into_iter().map(line).collect()
}

/// What people say of it, each differently, the riskiest first.
fn views(ledger: &mut Ledger, telling: &[&DigestPost]) -> Vec<Quote> {
    let of_people = |post: &&&DigestPost| !matches!(post.channel, Channel::News | Channel::Gov);
    let mut posts: Vec<&DigestPost> = telling.iter().filter(of_people).copied().collect();
    posts.sort_by_key(|post| (Reverse(post.risk), post.time()));
    let mut views: Vec<&DigestPost> = Vec::new();
    for post in posts.into_iter().filter(|post| !post.said.point.is_empty()) {
        if views.len() < AT_LENGTH && views.iter().all(|other| other.said.point != post.said.point)
        {
            views.push(post);
        }
    }
    views.into_iter().map(|post| ledger.quote(&post.said.point, post)).collect()
}

/// The posts that carried it on: the first of each source, in order of time.
fn path(ledger: &mut Ledger, posts: &[&DigestPost]) -> Vec<(chrono::DateTime<chrono::Utc>, Quote)> {
    let mut seen = HashSet::new();
    let firsts = posts.iter().filter(|post| seen.insert(&post.source)).take(AT_LENGTH);
    firsts.map(|post| (post.time(), ledger.quote(&post.title, post))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{ClaimState, Digest, sample};
    use pipelines::record::{FactStatus, StoryId};

    use super::*;

    #[test]
    fn the_gravest_leads_and_what_was_copied_most_does_not() {
        let mut input = sample::input();
        // Our own circular, copied more often than anything else.
        let circular =
            input.posts.iter().find(|post| post.polarity() == Polarity::Neutral).unwrap().clone();
        for i in 0..30 {
            let mut copy = circular.clone();
            copy.id = pipelines::record::PostId::of_url(&format!("http://demo.invalid/copy/{i}"));
            copy.source = format!("copy{i}").as_str().into();
            input.posts.push(copy);
        }
        let digest = Digest::build(&input);
        let all = &digest.happenings;
        assert!(all.matters.iter().all(|matter| matter.title.text != circular.title));
        assert_eq!(all.others[0].shares.posts.value, Some(31));
        assert_eq!(all.others[0].copies.value, Some(30));
        assert!(all.matters[0].grade >= all.matters.last().unwrap().grade);
    }

    #[test]
    fn a_round_up_is_no_matter_and_answers_nothing() {
        let mut input = sample::input();
        let gravest = Digest::build(&input).happenings.matters[0].id;
        let of_it = |post: &&mut DigestPost| post.story == gravest;
        for post in input.posts.iter_mut().filter(of_it) {
            post.said.is_roundup = true;
        }
        let all = Digest::build(&input).happenings;
        assert!(all.matters.iter().all(|matter| matter.id != gravest));
        let told = all.others.iter().find(|other| other.id == gravest).expect("it is told still");
        assert!(told.answers.is_empty());
    }

    #[test]
    fn each_happening_stands_in_one_list_and_praise_is_told_from_grievances() {
        let digest = Digest::build(&sample::input());
        let all = &digest.happenings;
        assert!(!all.praise.is_empty() && !all.grievances.is_empty() && !all.matters.is_empty());
        let lists = [&all.matters, &all.grievances, &all.praise, &all.others];
        let mut ids: Vec<StoryId> =
            lists.iter().flat_map(|list| list.iter().map(|h| h.id)).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        let left: u64 = all.left_out.iter().filter_map(|figure| figure.value).sum();
        assert_eq!(digest.told, Some(count as u64 + left));
        let sum = |h: &Happening| h.channels.iter().filter_map(|(_, f)| f.value).sum::<u64>();
        assert!(
            lists.iter().flat_map(|list| list.iter()).all(|h| Some(sum(h)) == h.shares.posts.value)
        );
    }

    #[test]
    fn an_all_clear_goes_to_the_rumour_it_refutes() {
        use pipelines::record::FactKind;

        use super::super::said::Claim;
        let mut input = sample::input();
        let claim = |status, quote: &str| Claim {
            kind: FactKind::Dead,
            count: 3,
            status,
            by: None,
            quote: quote.to_owned(),
        };
        let mut rumour = input.posts.iter().find(|post| post.kind.is_none()).unwrap().clone();
        rumour.story = StoryId(pipelines::record::PostId(1));
        rumour.id = pipelines::record::PostId(1);
        rumour.said.role = Role::Rumour;
        rumour.said.claims = vec![claim(FactStatus::Rumoured, "听说三人遇难")];
        let mut clear = rumour.clone();
        clear.id = pipelines::record::PostId(2);
        clear.story = StoryId(clear.id);
        clear.said.role = Role::Correction;
        clear.said.claims = vec![claim(FactStatus::Refuted, "三人遇难系谣言")];
        input.posts = vec![rumour, clear];
        let digest = Digest::build(&input);
        assert_eq!(digest.told, Some(1));
        let all = &digest.happenings;
        let told = [&all.matters, &all.grievances, &all.praise, &all.others]
            .into_iter()
            .flatten()
            .next()
            .unwrap();
        assert_eq!(told.claims[0].state, ClaimState::Refuted);
        assert_eq!(told.claims[0].settled.as_ref().unwrap().text, "三人遇难系谣言");
        assert_eq!(told.answers.len(), 1);
    }
}
