// node mermaid.mjs MODULE RUN...: reads RUN.mmd with Mermaid's parser, and
// holds what it has understood to the data in RUN.html.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, ...runs] = process.argv.slice(2);
const core = resolve(folder, "dist/mermaid.core.mjs");
const { default: mermaid } = await import(pathToFileURL(core));

// What the parser makes of #35; until it is drawn.
function decode(text) {
    return text.replace(/ﬂ°°(\d+)¶ß/g, (_, n) => String.fromCharCode(n));
}

function understood(diagram) {
    const type = diagram.db.LINETYPE;
    return diagram.db.getMessages()
        .filter((m) => [type.SOLID, type.DOTTED, type.NOTE].includes(m.type))
        .map((m) => ({
            from: m.from, to: m.to, note: m.type === type.NOTE,
            dashed: m.type === type.DOTTED, text: decode(m.message),
        }))
        .filter((m) => !/^[0-9.]+ s later$/.test(m.text));
}

function meant(row, lanes) {
    if (row.remark === undefined)
        return { from: row.from, to: row.to || row.from, note: row.to === "",
            dashed: row.dashed === 1, text: row.text };
    const own = /^(trale|diagram): /.test(row.remark);
    return { from: row.speaker || lanes[0], to: row.speaker || lanes.at(-1),
        note: true, dashed: false,
        text: (own ? "" : "output: ") + row.remark };
}

// The parser does refuse what is wrong.
await assert.rejects(mermaid.parse("sequenceDiagram\n    main->>executor\n"));
await assert.rejects(
    mermaid.parse("sequenceDiagram\n    deactivate executor\n"));

let count = 0;
for (const run of runs) {
    const text = readFileSync(`${run}.mmd`, "utf8");
    const page = readFileSync(`${run}.html`, "utf8");
    const json = /<script id="data"[^>]*>([^]*?)<\/script>/.exec(page)[1];
    const data = JSON.parse(json);

    assert.deepEqual(await mermaid.parse(text),
        { diagramType: "sequence", config: {} }, run);
    const diagram = await mermaid.mermaidAPI.getDiagramFromText(text);
    assert.deepEqual(understood(diagram), data.rows.map((row) => meant(row, data.lanes)), run);
    assert.deepEqual([...diagram.db.getActors().keys()], data.lanes, run);
    count += data.rows.length;
}
console.log(`mermaid: ${runs.length} diagrams with ${count} events and ` +
    "remarks are accepted");
