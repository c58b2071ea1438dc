//! Rules about the `data` of tasks.

use serde_json::Value as Json;

use crate::check::{Checker, filter};
use crate::node::below;
use crate::spec::{Data, Model};

pub(crate) fn check(checker: &mut Checker<'_>) {
    for task in checker.tasks() {
        let at = below("/tasks", task) + "/data";
        let count = format!("{at}/join/count");
        let items = checker.json.pointer(&count).and_then(Json::as_array).map(Vec::len);
        if let Some(items) = items.filter(|&items| items != 2 && checker.sound(&[&count])) {
            let help = "write the fewest and then the most: `count: [3, 6]`";
            checker.error(&count, format!("`count` has two numbers, found {items}"), help);
        }
        let data = checker.data(task);
        // A model from elsewhere translates without data of its own.
        let from_elsewhere = matches!(checker.model(), Some(Model::Architecture(_)));
        if from_elsewhere && data.as_ref().is_some_and(Data::is_none) {
            continue;
        }
        if let Some(of) = data.as_ref().and_then(|data| data.filter.as_ref()) {
            filter::check(checker, task, &format!("{at}/filter"), of);
        }
        for problem in data.iter().flat_map(Data::problems) {
            checker.error(&format!("{at}{}", problem.pointer), problem.message, problem.help);
        }
    }
}

impl Checker<'_> {
    /// The data of a task, if it is sound.
    pub(super) fn data(&self, task: &str) -> Option<Data> {
        let at = below("/tasks", task) + "/data";
        let json = self.json.pointer(&at).filter(|_| self.sound(&[&at]))?;
        serde_json::from_value(json.clone()).ok()
    }
}
