//! The ladder: a receiver first puts off (4.7.x), then refuses (5.7.x). The one warns of the other.

use super::detect::DAY;
use super::finding::{Finding, Kind, Link, Severity};
use super::judge::ISOLATED;
use super::suspect::Suspect;
use crate::catalog::Stage;
use crate::smtp::{Code, EnhancedCode};

/// How long after the last of them deferrals still warned of a rejection.
const WARNING: i64 = 7 * DAY;

/// Whether it is the deferral of a sender requirement: what warns.
pub(super) fn warns(suspect: &Suspect<'_>) -> bool {
    suspect.meaning.enforcement
        && suspect.transient
        && suspect.step.is_some_and(|(stage, ..)| stage == Stage::Deferral)
}

/// Links spikes of rejections to the deferrals before them, whatever those were taken for by themselves: that rejections follow is
/// evidence enough. `findings` are by suspect.
pub(super) fn link(suspects: &[Suspect<'_>], findings: &mut [Vec<Finding>]) {
    for later in 0..suspects.len() {
        for at in 0..findings[later].len() {
            let Some((earlier, place)) = warning(suspects, findings, (later, at)) else { continue };
            let rejection = to(&findings[later][at]);
            let deferral = &mut findings[earlier][place];
            let link = to(deferral);
            // The first rejection is the one that was warned of.
            if deferral.became.as_ref().is_none_or(|known| rejection.start < known.start) {
                deferral.became = Some(rejection);
            }
            if warns(&suspects[earlier]) {
                deferral.kind = Kind::Escalation;
                deferral.severity = Severity::Warning;
            }
            findings[later][at].from = Some(link);
        }
    }
}

/// The deferrals that warned of a spike: where several did, those that began last.
fn warning(
    suspects: &[Suspect<'_>],
    findings: &[Vec<Finding>],
    (later, at): (usize, usize),
) -> Option<(usize, usize)> {
    let rejection = &findings[later][at];
    let onset = rejection.start.filter(|_| rejection.kind == Kind::Spike)?;
    let provider = suspects[later].provider;
    // Suspects are in the order of their providers.
    let same = suspects.partition_point(|one| one.provider < provider)
        ..suspects.partition_point(|one| one.provider <= provider);
    let mut last: Option<(i64, usize, usize)> = None;
    for earlier in same {
        let ladder = match (suspects[earlier].step, suspects[later].step) {
            (Some((Stage::Deferral, whose, name)), Some((Stage::Rejection, other, same))) => {
                (whose, name) == (other, same)
            }
            (None, None) => by_number(suspects[earlier].code, suspects[later].code),
            _ => false,
        };
        for (place, deferral) in findings[earlier].iter().enumerate().filter(|_| ladder) {
            let stands_out = matches!(deferral.kind, Kind::Spike | Kind::Escalation);
            let serious =
                stands_out || (warns(&suspects[earlier]) && deferral.first_attempts.events > ISOLATED);
            let in_time = deferral.start.is_some_and(|start| start <= onset)
                && deferral.end.is_none_or(|end| onset.saturating_sub(end) <= WARNING);
            let newer = last.is_none_or(|(start, ..)| deferral.start > Some(start));
            if serious && in_time && newer {
                last = deferral.start.map(|start| (start, earlier, place));
            }
        }
    }
    last.map(|(_, earlier, place)| (earlier, place))
}

/// Where the catalogue knows no ladder: 4.7.N comes before 5.7.N.
fn by_number(deferral: Code, rejection: Code) -> bool {
    let parts = |code: Code| code.enhanced.map(|e: EnhancedCode| (e.class(), e.subject_number(), e.detail()));
    match (parts(deferral), parts(rejection)) {
        (Some((4, 7, before)), Some((5, 7, after))) => before == after,
        _ => false,
    }
}

fn to(finding: &Finding) -> Link {
    Link { code: finding.code, marker: finding.marker.clone(), start: finding.start }
}
