//! The table, as Markdown.

use crate::{Contender, Measurement, Workload};

pub(crate) struct Table {
    names: Vec<String>,
}

impl Table {
    pub(crate) fn new(contenders: &[Contender]) -> Self {
        Self {
            names: contenders
                .iter()
                .map(|contender| contender.name.clone())
                .collect(),
        }
    }

    pub(crate) fn head(&self) -> String {
        let names = self.names.join(" | ");
        let lines = "---|".repeat(self.names.len() + 1);
        format!("| median of the rounds | {names} |\n|{lines}")
    }

    /// A row; behind each other contender's number, how many times as good ours is.
    pub(crate) fn row(&self, workload: &Workload, runs: &[Vec<Measurement>]) -> String {
        let shown = |runs: &Vec<Measurement>| {
            let values = runs.iter().map(|run| (workload.shown)(run, workload));
            median(values.collect())
        };
        let ours = runs.first().map_or(f64::NAN, shown);
        let cells = runs.iter().enumerate().map(|(at, runs)| {
            let value = shown(runs);
            if value.is_nan() {
                return "–".to_owned();
            }
            let times = if workload.less {
                value / ours
            } else {
                ours / value
            };
            match at {
                0 => number(value),
                _ => format!("{} (×{times:.2})", number(value)),
            }
        });
        let cells = cells.collect::<Vec<_>>().join(" | ");
        format!("| {}, {} | {cells} |", workload.name, workload.unit)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

fn number(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{:.2}M", value / 1e6),
        value if value >= 1e4 => format!("{:.0}k", value / 1e3),
        value if value >= 1e3 => format!("{:.1}k", value / 1e3),
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}
