// node page.mjs BROWSER RUN...: opens RUN.html in a headless Chromium, presses
// keys and buttons, and holds what is to be seen to the lines of RUN.trace.
//
// The browser is driven by its DevTools protocol, through a pair of pipes, so
// this needs no package. Keys and clicks come in where those of a keyboard and
// a mouse would.
import assert from "node:assert/strict";
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [browser, ...runs] = process.argv.slice(2);

// ---------------------------------------------------------------------------
// The browser
// ---------------------------------------------------------------------------

const profile = mkdtempSync(join(tmpdir(), "trale-page-"));
const chromium = spawn(browser, ["--headless", "--no-sandbox", "--disable-gpu",
    "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe",
    `--user-data-dir=${profile}`, "about:blank"],
    { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
const ended = new Promise((done) => chromium.on("exit", done));
let finished = false;

// Its processes may still be writing to the profile when the first has ended.
function finish(status) {
    finished = true;
    chromium.kill("SIGKILL");
    for (let tries = 0; tries < 50; tries++)
        try {
            rmSync(profile, { recursive: true, force: true });
            break;
        } catch {
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
        }
    process.exit(status);
}

function fail(error) {
    if (finished) return;
    console.error(`page: ${error.stack}`);
    finish(1);
}

process.on("unhandledRejection", fail);
process.on("uncaughtException", fail);
ended.then(() => fail(new Error(`${browser} has ended`)));
const minutes = 4 * Number(process.env.CK_TIMEOUT_MULTIPLIER || 1);
setTimeout(() => fail(new Error(`not done after ${minutes} minutes`)),
    minutes * 60000);

// Each message is a JSON text with a zero byte behind it.
const answers = new Map(), requests = [], complaints = [];
let sent = 0, session, loaded;

function send(method, params = {}) {
    const id = ++sent;
    chromium.stdio[3].write(
        JSON.stringify({ id, method, params, sessionId: session }) + "\0");
    return new Promise((done, failed) =>
        answers.set(id, { done, failed, method }));
}

function receive(message) {
    if (message.id !== undefined) {
        const { done, failed, method } = answers.get(message.id);
        answers.delete(message.id);
        if (message.error)
            failed(new Error(`${method}: ${message.error.message}`));
        else done(message.result);
    } else if (message.method === "Page.loadEventFired") loaded();
    else if (message.method === "Network.requestWillBeSent")
        requests.push(message.params.request.url);
    else if (message.method === "Runtime.exceptionThrown")
        complaints.push(message.params.exceptionDetails.exception.description);
    else if (message.method === "Log.entryAdded")
        complaints.push(message.params.entry.text);
}

let received = Buffer.alloc(0);
chromium.stdio[4].on("data", (data) => {
    received = Buffer.concat([received, data]);
    for (let end; (end = received.indexOf(0)) >= 0;) {
        const message = JSON.parse(received.subarray(0, end).toString());
        received = received.subarray(end + 1);
        receive(message);
    }
});

// What a function of the page returns there.
async function ask(fn, ...args) {
    const { result, exceptionDetails } = await send("Runtime.evaluate", {
        expression: `(${fn})(...${JSON.stringify(args)})`,
        returnByValue: true, awaitPromise: true });
    assert(!exceptionDetails, exceptionDetails?.exception.description);
    return result.value;
}

const codes = { " ": 32, End: 35, Home: 36, ArrowLeft: 37, ArrowRight: 39 };

async function press(key, modifiers = 0) {
    const event = { key, code: key, modifiers,
        windowsVirtualKeyCode: codes[key] };
    await send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...event });
    await send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
}

async function click(selector) {
    const { x, y } = await ask((selector) => {
        const box = document.querySelector(selector).getBoundingClientRect();
        return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    }, selector);
    const event = { x, y, button: "left", clickCount: 1 };
    await send("Input.dispatchMouseEvent", { type: "mousePressed", ...event });
    await send("Input.dispatchMouseEvent", { type: "mouseReleased", ...event });
}

async function open(url) {
    const done = new Promise((resolve) => { loaded = resolve; });
    await send("Page.navigate", { url: "about:blank" });
    await done;
    const ready = new Promise((resolve) => { loaded = resolve; });
    await send("Page.navigate", { url });
    await ready;
}

// ---------------------------------------------------------------------------
// What is to be seen: read from the trace, with no help of the scripts in awk
// ---------------------------------------------------------------------------

const line = new RegExp("([0-9]+\\.[0-9]{6}) (main|other|executor|reactor) +" +
    "([a-z-]+) +(.*) \\| run: (.*) \\| wait: (-|.*\\*[0-9]+)$");

function queue(text) {
    return text === "-" ? [] : text.match(/.*?#\d+(\*\d+)?(?= |$)/g)
        .map((task) => task.trim());
}

function expected(trace) {
    const events = [];
    for (const text of trace.split("\n")) {
        const found = line.exec(text);
        if (!found) continue;
        const [, time, thread, name, chain, run, wait] = found;
        const places = [...chain.matchAll(/ at ([^ ]*):(\d+)(?= |$)/g)];
        const place = places.length ? places.at(-1) : ["", "", ""];
        events.push({ time, thread, name, chain: chain.trim(),
            run: queue(run), wait: queue(wait), file: place[1],
            line: Number(place[2]) });
    }
    return events;
}

const sources = execFileSync("find", ["examples", "tests", "-name", "*.[ch]"])
    .toString().trim().split("\n");

// ---------------------------------------------------------------------------
// What is seen
// ---------------------------------------------------------------------------

function look() {
    const $ = (id) => document.getElementById(id);
    const row = document.querySelector("#rows .now");
    const lanes = $("lanes").getBoundingClientRect();
    const box = row?.getBoundingClientRect();
    const marked = document.querySelector("#source .now");
    const tasks = (id) => [...$(id).querySelectorAll("li")].map((item) =>
        item.dataset.task + (item.dataset.wakers === undefined ? ""
            : `*${item.dataset.wakers}`));
    return {
        number: Number(row?.dataset.event), name: row?.dataset.name,
        rows: document.querySelectorAll("#rows .now").length,
        label: row?.querySelector("title").textContent,
        drawn: row?.querySelector("text:not(.time)").textContent,
        inSight: box && box.top >= lanes.top && box.bottom <= lanes.bottom &&
            box.height > 5,
        caption: $("caption").textContent, count: $("count").textContent,
        slider: Number($("slider").value),
        run: tasks("run"), wait: tasks("wait"),
        shownTasks: [...document.querySelectorAll(".queue li")]
            .every((item) => item.textContent.startsWith(item.dataset.task)),
        where: $("where").textContent,
        hash: location.hash,
        executor: document.querySelector("#source_executor .now")?.textContent,
        whereExecutor: $("where_executor").textContent,
        whose: [...document.querySelectorAll(".whose")]
            .map((text) => text.textContent),
        line: marked ? Number(marked.dataset.line) : 0,
        text: marked ? marked.textContent : "",
        first: $("first").disabled && $("back").disabled,
        last: $("last").disabled && $("next").disabled,
        nodes: document.querySelectorAll("*").length,
    };
}

// The executor's own source: the line whose caption this event is, in the
// function that says it. A join on the executor thread is a poll of the joiner.
function assertExecutor(seen, event, hint) {
    const local = event.chain.startsWith("local:");
    const path = local ? "examples/hosts/local_executor.c" : "trale.c";
    const captions = readFileSync(path, "utf8").split("\n");
    const [, file, number] = /^(.*):(\d+)$/.exec(seen.whereExecutor);
    const text = captions[number - 1];
    assert.equal(file, path, hint);
    assert.equal(seen.executor, `${number.padStart(4)}  ${text}\n`, hint);
    assert(text.includes(local ? " event(" : "EVENT("), hint);
    assert(text.includes(`"${event.name}"`), hint);
    assert.equal(seen.whose.join(), Array(2).fill(local
        ? " of the local executor" : "").join(), hint);
    if (event.name !== "join") return;
    const found = captions.slice(0, number).reverse()
        .find((text) => /^[a-z].*\(.*\)$/.test(text));
    assert(found.includes(event.thread === "executor" ? "join_poll"
        : "task_joiner_join"), `${hint}: in ${found}`);
}

// Holds the page to the n-th event, counted from 1.
async function at(events, n, how) {
    const seen = await ask(look), event = events[n - 1];
    const hint = `event ${n}, ${how}`;
    const task = event.chain.replace(/( at | = |(^| )fd ).*/, "");

    assert.equal(seen.number, n, hint);
    assert.equal(seen.rows, 1, hint);
    assert.equal(seen.name, event.name, hint);
    assert(seen.inSight, `${hint}: its row is out of sight`);
    assert(seen.label.startsWith(`${event.name} ${task}`), hint);
    assert(seen.drawn.length > 3 && seen.label.startsWith(
        seen.drawn.replace("\u2026", "")), hint);
    assert(seen.caption.startsWith(`${event.time} s, ${event.thread} ` +
        `${event.name} ${event.chain}. `), `${hint}: ${seen.caption}`);
    assert.equal(seen.count, `event ${n} of ${events.length}`, hint);
    assert.equal(seen.slider, n, hint);
    assert.deepEqual(seen.run, event.run, hint);
    assert.deepEqual(seen.wait, event.wait, hint);
    assert(seen.shownTasks, hint);
    assert.equal(seen.first, n === 1, hint);
    assert.equal(seen.last, n === events.length, hint);
    assert.equal(seen.hash, `#${n}`, hint);
    assertExecutor(seen, event, hint);

    // The source: a file of that name, the line marked and its text shown.
    const path = sources.find((path) => seen.where === `${path}:${event.line}`);
    if (event.file !== "" &&
        sources.some((path) => basename(path) === basename(event.file))) {
        assert.equal(basename(path ?? ""), event.file, hint);
        assert.equal(seen.line, event.line, hint);
        const text = readFileSync(path, "utf8").split("\n")[event.line - 1];
        assert.equal(seen.text, `${String(event.line).padStart(4)}  ${text}\n`,
            hint);
    } else if (seen.line !== 0) {
        assert(/ASYNC_(BEGIN|END)|_poll\(/.test(seen.text), hint);
        assert(!/ASYNC_/.test(seen.text) || / = /.test(event.chain) ===
            /ASYNC_END/.test(seen.text), hint);
    } else {
        assert(seen.where.length > 10, hint);
        assert(!["timer", "udp", "readme"].includes(events.run) || task === "",
            `${hint}: no line of the program`);
    }
    return seen;
}

// Which events are drawn when one scrolls from top to bottom, and how many rows
// there are at a time.
async function scroll() {
    const lanes = document.getElementById("lanes");
    const drawn = new Map();
    let most = 0;
    const frame = () => new Promise((done) => requestAnimationFrame(
        () => requestAnimationFrame(done)));
    const page = lanes.clientHeight - 60;
    for (let top = 0; top < lanes.scrollHeight; top += page) {
        lanes.scrollTop = top;
        await frame();
        const rows = document.querySelectorAll("#rows .row");
        most = Math.max(most, rows.length);
        for (const row of rows) {
            const number = row.dataset.event;
            const box = row.getBoundingClientRect();
            if (number === undefined || box.height < 5) continue;
            drawn.set(number, row.querySelector("title").textContent);
        }
        // Twice the same event at one time would be two events.
        const numbers = [...rows].map((row) => row.dataset.event)
            .filter((number) => number !== undefined);
        if (new Set(numbers).size !== numbers.length) return null;
    }
    lanes.scrollTop = 0;
    await frame();
    return { drawn: [...drawn], most };
}

// ---------------------------------------------------------------------------
// The test of one page
// ---------------------------------------------------------------------------

async function test(run) {
    const url = String(pathToFileURL(resolve(`${run}.html`)));
    const events = expected(readFileSync(`${run}.trace`, "utf8")
        .replaceAll("\t", "    "));
    const last = events.length;
    events.run = basename(run);

    assert(last > 0, "the trace has no events");
    complaints.length = requests.length = 0;
    await open(url);
    await at(events, 1, "just opened");
    assert.equal(await ask(() => document.title),
        `${basename(run)}, event by event`);

    // Every event is in the lanes, once, and only what can be seen is drawn.
    const { drawn, most } = await ask(scroll);
    const numbers = drawn.map(([number]) => Number(number));
    assert.deepEqual(numbers.sort((a, b) => a - b),
        events.map((_, index) => index + 1));
    for (const [number, label] of drawn)
        assert(label.startsWith(events[number - 1].name), `event ${number}`);
    assert(most < 100, `${most} rows are drawn at a time`);

    // Forth and back with the keys, event by event; in a long run some.
    const steps = last > 100 ? 15 : last;
    for (let n = 2; n <= steps; n++) {
        await press("ArrowRight");
        await at(events, n, "after the right arrow");
    }
    for (let n = steps - 1; n >= 1; n--) {
        await press("ArrowLeft");
        await at(events, n, "after the left arrow");
    }
    await press("ArrowLeft");
    await at(events, 1, "after the left arrow at the begin");
    await press("End");
    await at(events, last, "after End");
    await press("ArrowRight");
    await at(events, last, "after the right arrow at the end");
    if (last > 1) {
        await press("ArrowLeft");
        await at(events, last - 1, "after the left arrow at the end");
    }
    await press("Home");
    await at(events, 1, "after Home");
    await press("ArrowRight", 1); // with Alt it is the browser's key
    await at(events, 1, "after Alt and the right arrow");
    if (last < 3) return last;

    // The same with the buttons, and a click on a row.
    await click("#next");
    await at(events, 2, "after Next");
    await click("#next");
    await at(events, 3, "after Next");
    await click("#back");
    await at(events, 2, "after Back");
    await click("#last");
    await at(events, last, "after Last");
    await click("#first");
    await at(events, 1, "after First");
    await click("#rows [data-event='3']");
    await at(events, 3, "after a click on its row");

    // Where much time passes, and nowhere else, a row says how much.
    if (last < 100) {
        const gaps = events.slice(1).map((event, i) => event.time -
            events[i].time).filter((gap) => gap >= 0.1)
            .map((gap) => `${gap.toFixed(1)} s later`);
        await send("Emulation.setDeviceMetricsOverride", { width: 1280,
            height: 5000, deviceScaleFactor: 1, mobile: false });
        await press("Home");
        await ask(() => new Promise(requestAnimationFrame));
        assert.deepEqual(await ask(() => [...document.querySelectorAll(
            "#rows .gap text")].map((text) => text.textContent)), gaps);
        await send("Emulation.setDeviceMetricsOverride", { width: 1280,
            height: 800, deviceScaleFactor: 1, mobile: false });
    }

    // Play goes on by itself, until a key or the end stops it.
    await press("Home");
    await press(" ");
    await ask(() => new Promise((done) => setTimeout(done, 1500)));
    await at(events, 2, "after a second and a half of Play");
    await press("ArrowRight");
    await ask(() => new Promise((done) => setTimeout(done, 1500)));
    await at(events, 3, "stopped by a key");

    // On the slider the arrows must not count twice.
    await ask(() => document.getElementById("slider").focus());
    await press("ArrowLeft");
    await at(events, 2, "after the left arrow on the slider");
    await click("#slider");
    const middle = (await ask(look)).number;
    assert(Math.abs(middle - (last + 1) / 2) <= 1 + last / 20,
        `a click in the middle of the slider shows event ${middle}`);
    await at(events, middle, "after a click on the slider");

    // An address may name an event, or one that there is not.
    for (const [hash, n] of [[3, 3], [last + 1, last], ["x", 1]]) {
        await open(`${url}#${hash}`);
        await at(events, n, `opened at #${hash}`);
    }

    // Whatever a name contains, it is text.
    assert.equal(await ask(() => document.querySelectorAll(
        "b:not(.source b), i:not(.source i), #rows *:not(g, rect, text, line, path, title)")
        .length), 0);
    assert.deepEqual(
        [...new Set(requests)].filter((asked) => asked !== "about:blank"),
        [url], "the page asks for more than itself");
    assert.deepEqual(complaints, []);
    return last;
}

// Readable, in the light and in the dark, on a screen and on a telephone.
async function looks(run) {
    const contrast = () => {
        const style = getComputedStyle(document.body);
        const light = (color) => color.match(/\d+/g).slice(0, 3)
            .map((c) => c / 255)
            .map((c) => c <= 0.04 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
        const [ink, paper] = [light(style.color), light(style.backgroundColor)];
        return { dark: paper < ink, ratio: (Math.max(ink, paper) + 0.05) /
            (Math.min(ink, paper) + 0.05) };
    };
    for (const value of ["light", "dark"]) {
        await send("Emulation.setEmulatedMedia",
            { features: [{ name: "prefers-color-scheme", value }] });
        await open(String(pathToFileURL(resolve(`${run}.html`))));
        const { dark, ratio } = await ask(contrast);
        assert.equal(dark, value === "dark");
        assert(ratio > 7, `the contrast is ${ratio}`);
    }
    const small = await ask(() => [...document.body.querySelectorAll("*")]
        .filter((node) => [...node.childNodes].some((child) =>
            child.nodeType === 3 && child.textContent.trim() !== ""))
        .filter((node) => !["SCRIPT", "STYLE", "NOSCRIPT", "title"]
            .includes(node.tagName))
        .filter((node) => parseFloat(getComputedStyle(node).fontSize) < 14)
        .map((node) => node.outerHTML));
    assert.deepEqual(small, []);
    for (const width of [1920, 1280, 390]) {
        await send("Emulation.setDeviceMetricsOverride",
            { width, height: 800, deviceScaleFactor: 1, mobile: false });
        const wide = await ask(() => document.documentElement.scrollWidth);
        assert(wide <= width, `${wide} pixels on a screen of ${width}`);
        const hidden = await ask(() => ["lanes", "run", "source",
            "source_executor", "legend", "keys"].filter((id) => {
            const box = document.getElementById(id).getBoundingClientRect();
            return box.width < 100 || box.height < 15;
        }));
        assert.deepEqual(hidden, [], `out of sight at ${width}`);
    }
}

const { targetInfos } = await send("Target.getTargets");
const { targetId } = targetInfos.find((target) => target.type === "page");
session = (await send("Target.attachToTarget",
    { targetId, flatten: true })).sessionId;
for (const domain of ["Page", "Network", "Runtime", "Log"])
    await send(`${domain}.enable`);
await send("Emulation.setDeviceMetricsOverride",
    { width: 1280, height: 800, deviceScaleFactor: 1, mobile: false });

let count = 0;
for (const run of runs)
    try {
        count += await test(run);
    } catch (error) {
        error.stack = `${run}.html: ${error.stack}`;
        throw error;
    }
await looks(runs[0]);
console.log(`page: ${runs.length} pages show their ${count} events and step ` +
    "through them");
finished = true;
send("Browser.close").catch(() => {});
await ended;
finish(0);
