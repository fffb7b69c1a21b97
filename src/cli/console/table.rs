//! `console.table()`.

use boa_engine::{
    Context, JsResult, JsValue,
    builtins::{map::ordered_map::OrderedMap, set::ordered_set::OrderedSet},
    js_string,
};
use unicode_width::UnicodeWidthStr;

use crate::cli::inspect::{InspectOptions, inspect, own_members};

/// Rows that are shown.
const MAX_ROWS: usize = 1000;

/// Columns that are shown.
const MAX_COLUMNS: usize = 100;

/// The text of a cell and the columns it takes, which escape sequences do not.
struct Cell {
    text: String,
    width: usize,
}

impl Cell {
    fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        let width = text.width();
        Self { text, width }
    }
}

/// One row: its name, the cells of named columns, and the value if it has no columns.
struct Row {
    index: Cell,
    key: Option<Cell>,
    members: Vec<(String, Option<JsValue>)>,
    value: Option<JsValue>,
}

/// The second argument: a list of the columns to be shown.
pub(super) fn columns(value: &JsValue, context: &mut Context) -> JsResult<Option<Vec<String>>> {
    let Some(object) = value.as_object() else {
        return Ok(None);
    };
    let length = object.get(js_string!("length"), context)?;
    let length = length.to_length(context)?.min(MAX_COLUMNS as u64);
    let mut names = Vec::new();
    for index in 0..length {
        let name = object.get(index, context)?.to_string(context)?;
        names.push(name.to_std_string_lossy());
    }
    Ok(Some(names))
}

/// The table, or `None` if the data are not tabular.
pub(super) fn render(
    data: &JsValue,
    only: Option<&[String]>,
    options: &InspectOptions,
    context: &mut Context,
) -> Option<String> {
    let object = data.as_object().filter(|object| !object.is_callable())?;
    let mut index_name = "(iteration index)";
    let mut rows: Vec<Row> = Vec::new();
    let mut count = 0;
    let cell = |value: &JsValue, context: &mut Context| cell(value, options, context);
    if let Some((size, pairs)) = map_members(&object) {
        count += size;
        for (key, value) in pairs {
            let key = Some(cell(&key, context));
            rows.push(row(rows.len().to_string(), key, value));
        }
    } else if let Some((size, values)) = set_members(&object) {
        count += size;
        for value in values {
            rows.push(row(rows.len().to_string(), None, value));
        }
    } else {
        index_name = "(index)";
        // One more than is shown tells that there are more.
        for (name, value) in own_members(&object, MAX_ROWS + 1) {
            count += 1;
            if rows.len() < MAX_ROWS {
                rows.push(row(name, None, value.unwrap_or_default()));
            }
        }
    }

    let names = column_names(&rows, only);
    let has_keys = rows.iter().any(|row| row.key.is_some());
    let has_values = only.is_none() && rows.iter().any(|row| row.value.is_some());
    let mut head = vec![Cell::plain(index_name)];
    head.extend(has_keys.then(|| Cell::plain("Key")));
    head.extend(names.iter().map(Cell::plain));
    head.extend(has_values.then(|| Cell::plain("Values")));
    let mut lines = vec![head];
    for mut row in rows {
        let mut line = vec![row.index];
        if has_keys {
            line.push(row.key.take().unwrap_or_else(|| Cell::plain("")));
        }
        for name in &names {
            let member = row.members.iter().find(|(member, _)| member == name);
            line.push(match member {
                Some((_, Some(value))) => cell(value, context),
                Some((_, None)) => Cell::plain("[Getter]"),
                None => Cell::plain(""),
            });
        }
        if has_values {
            line.push(match &row.value {
                Some(value) => cell(value, context),
                None => Cell::plain(""),
            });
        }
        lines.push(line);
    }
    let mut table = draw(&lines);
    if count > lines.len() - 1 {
        table.push_str(&format!("\n... only the first {MAX_ROWS} rows are shown"));
    }
    Some(table)
}

/// The number of a map's members, and the first of them.
fn map_members(object: &boa_engine::JsObject) -> Option<(usize, Vec<(JsValue, JsValue)>)> {
    let map = object.downcast_ref::<OrderedMap<JsValue>>()?;
    let pairs = map.iter().take(MAX_ROWS);
    let pairs = pairs.map(|(key, value)| (key.clone(), value.clone()));
    Some((map.len(), pairs.collect()))
}

/// The number of a set's members, and the first of them.
fn set_members(object: &boa_engine::JsObject) -> Option<(usize, Vec<JsValue>)> {
    let set = object.downcast_ref::<OrderedSet>()?;
    Some((set.len(), set.iter().take(MAX_ROWS).cloned().collect()))
}

fn row(index: String, key: Option<Cell>, value: JsValue) -> Row {
    let object = value.as_object().filter(|object| !object.is_callable());
    let members = object.map(|object| own_members(&object, MAX_COLUMNS));
    Row {
        index: Cell::plain(index),
        key,
        value: members.is_none().then_some(value),
        members: members.unwrap_or_default(),
    }
}

/// The names of all rows, in the order they first come up.
fn column_names(rows: &[Row], only: Option<&[String]>) -> Vec<String> {
    if let Some(only) = only {
        return only.to_vec();
    }
    let mut names: Vec<String> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| &row.members) {
        if names.len() == MAX_COLUMNS {
            break;
        }
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn cell(value: &JsValue, options: &InspectOptions, context: &mut Context) -> Cell {
    let plain = InspectOptions {
        colors: false,
        depth: 0,
        line_width: usize::MAX,
    };
    // An error's text has several lines: the first has to do.
    let text = inspect(value, &plain, context);
    let first = text.lines().next().unwrap_or_default();
    let width = first.width();
    if !options.colors || first.len() < text.len() {
        let text = first.to_owned();
        return Cell { text, width };
    }
    let colors = InspectOptions {
        colors: true,
        ..plain
    };
    let text = inspect(value, &colors, context);
    Cell { text, width }
}

/// Draws the box; the first line is the head.
fn draw(lines: &[Vec<Cell>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].width)
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let rule = |left: char, middle: char, right: char| {
        let bars: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
        format!("{left}{}{right}", bars.join(&middle.to_string()))
    };
    let mut out = rule('┌', '┬', '┐');
    for (number, line) in lines.iter().enumerate() {
        out.push('\n');
        for (cell, width) in line.iter().zip(&widths) {
            out.push_str("│ ");
            out.push_str(&cell.text);
            out.extend(std::iter::repeat_n(' ', width - cell.width + 1));
        }
        out.push('│');
        if number == 0 {
            out.push('\n');
            out.push_str(&rule('├', '┼', '┤'));
        }
    }
    out.push('\n');
    out.push_str(&rule('└', '┴', '┘'));
    out
}
