//! Problems as text for people: place, line, caret, rule and remedy.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::problem::Problem;
use crate::text::RecipeText;

/// Problems shown at once: more of them have one cause, such as a file that is no recipe.
const MOST: usize = 12;

/// Renders every problem, in the order of their places; those without a place come last.
///
/// Lines are numbered as in the file, whatever was edited; a problem in a value that came from
/// `--set` quotes the argument. `color` adds terminal styling. The result ends without a newline
/// and is empty if nothing is wrong.
pub fn render(text: &RecipeText, problems: &[Problem], color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut sorted: Vec<&Problem> = problems.iter().collect();
    sorted.sort_by_key(|problem| {
        let span = problem.span.as_ref();
        (span.is_none(), span.map(|span| (span.start, span.end)))
    });
    let mut rendered: Vec<_> = sorted
        .iter()
        .take(MOST)
        .map(|problem| renderer.render(&[group(text, problem)]))
        .collect();
    match sorted.len().saturating_sub(MOST) {
        0 => {}
        1 => rendered.push("and one more problem".into()),
        more => rendered.push(format!("and {more} more problems")),
    }
    rendered.join("\n\n")
}

fn group<'a>(text: &'a RecipeText, problem: &'a Problem) -> Group<'a> {
    let mut group = Group::with_title(Level::ERROR.primary_title(problem.message.as_str()));
    if let Some(span) = &problem.span {
        let quote = text.quote(span);
        group = group.element(
            Snippet::source(quote.line)
                .path(quote.origin)
                .line_start(quote.number.unwrap_or(1))
                .line_numbering(quote.number.is_some())
                .annotation(AnnotationKind::Primary.span(quote.place)),
        );
    }
    if let Some(rule) = &problem.rule {
        group = group.element(Level::NOTE.message(rule.as_str()));
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}
