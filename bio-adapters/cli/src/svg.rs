//! The timeline as a picture: two lanes, time downwards.

use std::collections::VecDeque;
use std::fmt::Write;

use crate::report::grouped;
use crate::trace::{Event, Lane};

/// Events that are drawn from the beginning and from the end of a long timeline.
const HEAD: usize = 48;
const TAIL: usize = 24;

const WIDTH: usize = 960;
const CLIENT_X: usize = 250;
const SERVER_X: usize = 710;
const TOP: usize = 172;
const ROW: usize = 30;
/// Pixels that a letter of the calls' fixed-width font takes, rounded up.
const LETTER: usize = 8;

/// The first and the last events of a timeline, and how many were left out between them.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    head: Vec<Event>,
    tail: VecDeque<Event>,
    left_out: u64,
}

impl Picture {
    pub(crate) fn push(&mut self, event: Event) {
        if self.head.len() < HEAD {
            self.head.push(event);
            return;
        }
        self.tail.push_back(event);
        if self.tail.len() > TAIL {
            self.tail.pop_front();
            self.left_out += 1;
        }
    }

    /// Draws everything, as an SVG document.
    pub(crate) fn draw(&self, title: &str, legend: &str) -> String {
        let gap = usize::from(self.left_out > 0);
        let rows = self.head.len() + gap + self.tail.len();
        let bottom = TOP + rows * ROW;
        let mut svg = Svg(String::new());
        svg.begin(bottom + 30, title, legend);
        svg.lane(CLIENT_X, Lane::Client, bottom);
        svg.lane(SERVER_X, Lane::Server, bottom);
        for (row, event) in self.head.iter().enumerate() {
            svg.event(row, event);
        }
        if gap > 0 {
            svg.left_out(self.head.len(), self.left_out);
        }
        for (row, event) in self.tail.iter().enumerate() {
            svg.event(self.head.len() + gap + row, event);
        }
        svg.line("</svg>");
        svg.0
    }
}

struct Svg(String);

impl Svg {
    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn add(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing into a string can't fail.
        let _ = writeln!(self.0, "{text}");
    }

    fn begin(&mut self, height: usize, title: &str, legend: &str) {
        self.add(format_args!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-family="Helvetica, Arial, sans-serif" font-size="13">"#
        ));
        self.line(STYLE);
        self.add(format_args!(r##"<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>"##));
        for (i, line) in title.lines().enumerate() {
            let y = 30 + 20 * i;
            self.add(format_args!(
                r#"<text x="24" y="{y}" font-size="15" font-weight="bold">{}</text>"#,
                escaped(line)
            ));
        }
        for (i, line) in legend.lines().chain([COLOURS]).enumerate() {
            let y = 74 + 17 * i;
            self.add(format_args!(r##"<text x="24" y="{y}" fill="#5f6368">{}</text>"##, escaped(line)));
        }
    }

    fn lane(&mut self, x: usize, lane: Lane, bottom: usize) {
        let (left, head) = (x - 60, TOP - 36);
        self.add(format_args!(
            r##"<line x1="{x}" y1="{head}" x2="{x}" y2="{bottom}" stroke="#9aa0a6" stroke-width="2"/>"##
        ));
        self.add(format_args!(
            r##"<rect x="{left}" y="{head}" width="120" height="26" rx="4" fill="#3c4043"/>"##
        ));
        let y = head + 18;
        self.add(format_args!(
            r##"<text x="{x}" y="{y}" text-anchor="middle" fill="#ffffff" font-weight="bold">{}</text>"##,
            lane.name()
        ));
    }

    fn event(&mut self, row: usize, event: &Event) {
        let y = TOP + row * ROW;
        match event {
            Event::Call { lane, text, wants } => self.call(y, *lane, text, *wants),
            Event::Sent { from: Lane::Client, text } => self.arrow(y, "client", CLIENT_X, SERVER_X - 8, text),
            Event::Sent { from: Lane::Server, text } => self.arrow(y, "server", SERVER_X, CLIENT_X + 8, text),
        }
    }

    fn call(&mut self, y: usize, lane: Lane, text: &str, wants: bool) {
        let x = if lane == Lane::Client { CLIENT_X } else { SERVER_X };
        let width = text.chars().count() * LETTER + 20;
        let (left, top) = (x.saturating_sub(width / 2), y + 3);
        let class = if wants { "want" } else { "done" };
        self.add(format_args!(
            r#"<rect class="{class}" x="{left}" y="{top}" width="{width}" height="22" rx="5"/>"#
        ));
        let y = y + 18;
        self.add(format_args!(r#"<text class="call" x="{x}" y="{y}">{}</text>"#, escaped(text)));
    }

    fn arrow(&mut self, y: usize, class: &str, from: usize, to: usize, text: &str) {
        let (line, tip) = (y + 22, to.min(from) + to.abs_diff(from) / 2);
        self.add(format_args!(r#"<line class="{class}" x1="{from}" y1="{line}" x2="{to}" y2="{line}"/>"#));
        let (back, up, down) = (if to > from { to - 4 } else { to + 4 }, line - 5, line + 5);
        let point = if to > from { to + 7 } else { to - 7 };
        self.add(format_args!(
            r#"<polygon class="{class}" points="{back},{up} {point},{line} {back},{down}"/>"#
        ));
        let y = y + 16;
        self.add(format_args!(r#"<text class="{class}" x="{tip}" y="{y}">{}</text>"#, escaped(text)));
    }

    fn left_out(&mut self, row: usize, count: u64) {
        let (y, middle) = (TOP + row * ROW, CLIENT_X + (SERVER_X - CLIENT_X) / 2);
        let (top, base, width) = (y + 3, y + 19, WIDTH - 48);
        self.add(format_args!(r##"<rect x="24" y="{top}" width="{width}" height="24" fill="#f1f3f4"/>"##));
        self.add(format_args!(
            r##"<text x="{middle}" y="{base}" text-anchor="middle" fill="#5f6368">… {} more calls and movements …</text>"##,
            grouped(count)
        ));
    }
}

const COLOURS: &str = "Green: the call is done. Amber: it wants something first. Time goes downwards.";

const STYLE: &str = "<style>
.call { font-family: Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 12.5px; text-anchor: middle }
.done { fill: #e6f4ea; stroke: #34a853 }
.want { fill: #fef7e0; stroke: #f29900 }
line.client { stroke: #1a73e8; stroke-width: 2 }
line.server { stroke: #8430ce; stroke-width: 2 }
polygon.client, text.client { fill: #1a73e8 }
polygon.server, text.server { fill: #8430ce }
text.client, text.server { font-size: 12px; text-anchor: middle }
</style>";

/// Text that is safe between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::{HEAD, Picture, TAIL};
    use crate::trace::{Event, Lane};

    fn picture(events: usize) -> String {
        let mut picture = Picture::default();
        for i in 0..events {
            picture.push(Event::Call { lane: Lane::Server, text: format!("call#{i}."), wants: false });
        }
        picture.draw("a <title> & more", "legend")
    }

    #[test]
    fn a_long_timeline_is_cut_in_the_middle_and_says_so() {
        let long = picture(HEAD + TAIL + 1000);
        assert!(long.contains("1,000 more"));
        for shown in [0, HEAD - 1, HEAD + 1000, HEAD + 1000 + TAIL - 1] {
            assert!(long.contains(&format!("call#{shown}.")), "{shown}");
        }
        for left_out in [HEAD, HEAD + 999] {
            assert!(!long.contains(&format!("call#{left_out}.")), "{left_out}");
        }
    }

    #[test]
    fn a_short_timeline_is_whole() {
        let short = picture(HEAD + TAIL);
        assert!(!short.contains("more calls"));
        assert_eq!(short.matches("call#").count(), HEAD + TAIL);
    }

    #[test]
    fn a_file_name_can_t_break_the_document() {
        assert!(picture(1).contains("a &lt;title&gt; &amp; more"));
    }
}
