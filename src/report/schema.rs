//! The JSON Schema of `run.json`, made from the types that write it.
//!
//! It describes one version, [`SCHEMA_VERSION`]. Fields may come without a new version, so what the
//! schema does not know is allowed; and since a field that does not apply may be left out, none is
//! required but the version.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use serde_json::{Value, json};

use super::model::{RunReport, SCHEMA_VERSION};

/// The schema, draft 2020-12.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<RunReport>();
    RecursiveTransform(plain_words).transform(&mut schema);
    let mut schema = schema.to_value();
    schema["title"] = json!(format!("Substorm run.json, version {SCHEMA_VERSION}"));
    schema["required"] = json!(["schema_version"]);
    schema["properties"]["schema_version"]["const"] = json!(SCHEMA_VERSION);
    schema
}

/// Descriptions are comments of the code; readers of a schema know nothing of its links. What the
/// types require of a writer is no duty of the file: older ones have fewer fields.
fn plain_words(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        let paragraphs = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
        let joined = paragraphs.collect::<Vec<_>>().join("\n\n");
        *text = joined.replace("[`", "`").replace("`]", "`");
    }
    schema.remove("required");
    schema.remove("default");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_committed_schema_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/run.schema.json");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        let current = format!("{:#}\n", schema());
        assert!(committed == current, "run: cargo run -- schema --run > docs/run.schema.json");
    }
}
