//! What is drawn, at three sizes, with and without colours.

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use super::super::moment::{End, Moment};
use super::super::sample;
use super::*;

fn drawn(state: &State, width: u16, height: u16) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, state)).unwrap();
    terminal.backend().clone()
}

fn state(moment: Moment) -> State {
    State::new(Arc::new(moment), Palette::Coloured)
}

#[test]
fn a_run_in_an_outage_at_80_columns() {
    insta::assert_snapshot!(drawn(&state(sample::in_an_outage()), 80, 24));
}

#[test]
fn a_run_in_an_outage_at_120_columns() {
    insta::assert_snapshot!(drawn(&state(sample::in_an_outage()), 120, 40));
}

#[test]
fn a_run_in_an_outage_at_40_columns() {
    insta::assert_snapshot!(drawn(&state(sample::in_an_outage()), 40, 12));
}

#[test]
fn before_the_load_the_step_shows() {
    insta::assert_snapshot!(drawn(&state(sample::minting()), 80, 24));
}

#[test]
fn the_help_lies_over_the_picture_of_a_run_that_is_asked_to_end() {
    let mut state = state(sample::in_an_outage());
    (state.shows_help, state.asked_to_end, state.missed) = (true, 1, 12);
    insta::assert_snapshot!(drawn(&state, 80, 24));
}

#[test]
fn a_second_fault_keeps_its_text_and_its_hits() {
    let mut moment = sample::in_an_outage();
    let mut standing = moment.standing.as_deref().unwrap().clone();
    let second = crate::report::ActiveFault {
        kind: "cache-stale",
        name: "cache-stale".to_owned(),
        text: "swallow what goes over the cache link".to_owned(),
        hits: 1,
        hit_unit: "pieces",
        ..standing.faults[0].clone()
    };
    standing.faults.push(second);
    moment.standing = Some(Arc::new(standing));
    let state = state(moment);
    let text = rows(&drawn(&state, 80, 24)).join("\n");
    for wanted in ["412 connections: <script>", "▶ cache-stale  1 s left  1 piece ", "swallow what"]
    {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    let text = rows(&drawn(&state, 120, 40)).join("\n");
    assert!(text.contains("▶ store-outage 2  1 s left  412 connections"), "{text}");
}

/// The rows of a picture.
fn rows(backend: &TestBackend) -> Vec<String> {
    let buffer = backend.buffer();
    let cells: Vec<&str> = buffer.content().iter().map(Cell::symbol).collect();
    cells.chunks(usize::from(buffer.area.width)).map(<[&str]>::concat).collect()
}

#[test]
fn addresses_are_shown_whole_or_not_at_all() {
    let addresses = ["http://127.0.0.1:48600/", "http://127.0.0.1:49464/metrics"];
    let moment =
        Moment { addresses: addresses.map(str::to_owned).into(), ..sample::in_an_outage() };
    let state = state(moment);
    let foot = |width| rows(&drawn(&state, width, 24)).pop().unwrap();
    for address in addresses {
        assert!(foot(80).contains(address), "{}", foot(80));
    }
    assert!(foot(120).contains("q end the run"), "{}", foot(120));
    assert!(foot(60).contains(addresses[0]) && !foot(60).contains("49464"), "{}", foot(60));
    assert!(!foot(30).contains("http"), "{}", foot(30));
}

#[test]
fn the_smallest_whole_picture_has_a_finding() {
    let rows = rows(&drawn(&state(sample::in_an_outage()), 76, 18));
    assert!(rows.iter().any(|row| row.contains("Findings so far")), "{rows:#?}");
    assert!(rows.iter().any(|row| row.starts_with("!! 12 requests")), "{rows:#?}");
}

#[test]
fn no_size_is_too_small_to_be_drawn() {
    for moment in [Moment::default(), sample::minting(), sample::in_an_outage()] {
        let mut state = state(moment);
        for shows_help in [false, true] {
            state.shows_help = shows_help;
            for width in [1, 2, 5, 17, 60, 75, 76, 77, 99, 100, 300, 2_000] {
                for height in [1, 2, 3, 4, 9, 17, 18, 19, 60] {
                    drawn(&state, width, height);
                }
            }
        }
    }
}

#[test]
fn without_colours_nothing_is_coloured_and_wrong_verdicts_still_stand_out() {
    let mut state = state(sample::in_an_outage());
    let colours = |state: &State| {
        let backend = drawn(state, 80, 24);
        let cells = backend.buffer().content().to_vec();
        let coloured = cells.iter().filter(|cell| cell.fg != Color::Reset).count();
        let bold = cells.iter().filter(|cell| cell.modifier.contains(Modifier::BOLD)).count();
        (coloured, bold)
    };
    assert!(colours(&state).0 > 0);
    state.palette = Palette::Plain;
    let (coloured, bold) = colours(&state);
    assert_eq!(coloured, 0);
    assert!(bold > 0);
}

#[test]
fn a_paused_view_keeps_its_picture_and_still_sees_the_end() {
    let mut state = state(sample::minting());
    state.pause();
    assert!(!state.show(Arc::new(sample::in_an_outage())));
    assert_eq!(state.moment.number, sample::minting().number);
    state.show(Arc::new(Moment { end: Some(End::GaveUp), ..sample::in_an_outage() }));
    assert!(state.is_over());
    state.pause();
    assert_eq!(state.moment.number, sample::in_an_outage().number);
}

#[test]
fn keys_do_what_the_help_says() {
    let key = |code, modifiers| asked(KeyEvent::new(code, modifiers));
    assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Asked::End);
    assert_eq!(key(KeyCode::Char('c'), KeyModifiers::NONE), Asked::Nothing);
    assert_eq!(key(KeyCode::Char('q'), KeyModifiers::NONE), Asked::End);
    assert_eq!(key(KeyCode::Char('p'), KeyModifiers::NONE), Asked::Pause);
    assert_eq!(key(KeyCode::Char('?'), KeyModifiers::SHIFT), Asked::Help);
    assert_eq!(key(KeyCode::Esc, KeyModifiers::NONE), Asked::Back);
}
