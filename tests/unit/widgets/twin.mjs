// Reads the examples as the page reads messages; run by test_twin.py with the bundled protocol.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

const [, , bundle, examples] = process.argv;
const { Client, READERS, PROTOCOL, VERSION, readIncoming } = await import(bundle);
const { questions, answers, errors, events } = JSON.parse(await readFile(examples, 'utf8'));

function channel() {
  const made = { sent: [], handlers: new Set() };
  made.send = (message, buffers) => made.sent.push({ message, buffers });
  made.onMessage = handler => {
    made.handlers.add(handler);
    return () => made.handlers.delete(handler);
  };
  made.receive = (message, buffers = []) => made.handlers.forEach(take => take(message, buffers));
  return made;
}

// What a reader keeps of an answer is all that the answer says.
function covers(read, told, path) {
  if (Array.isArray(told)) {
    assert.equal(read.length, told.length, path);
    told.forEach((one, at) => covers(read[at], one, `${path}[${at}]`));
  } else if (told !== null && typeof told === 'object') {
    for (const [name, value] of Object.entries(told)) {
      if (value === null && read[name] === undefined) {
        continue;
      }
      covers(read[name], value, `${path}.${name}`);
    }
  } else {
    assert.deepEqual(read, told, path);
  }
}

for (const [verb, question] of Object.entries(questions)) {
  const wire = channel();
  const client = new Client(wire);
  const { type, uuid, ...asked } = question;
  const outcome = client.ask(verb, asked, { buffers: [new ArrayBuffer(3)] });
  const { message, buffers } = wire.sent[0];
  assert.deepEqual({ ...message, uuid }, question, `question ${verb}`);
  assert.equal(buffers.length, 1);
  wire.receive({ type: 'answer', verb, uuid: message.uuid, result: answers[verb] }, ['a buffer']);
  const { kind, result, buffers: came } = await outcome;
  assert.equal(kind, 'ok', `answer to ${verb}`);
  covers(result, answers[verb], verb);
  assert.deepEqual(came, ['a buffer']);
  client.dispose();
}
// The sidebar's comm knows some more verbs.
assert.ok(Object.keys(questions).every(verb => verb in READERS));
assert.deepEqual([questions.hello.version, questions.hello.protocol], [VERSION, PROTOCOL]);

for (const error of errors) {
  assert.deepEqual(readIncoming(error), { kind: 'error', uuid: error.uuid, error: error.error });
}
for (const event of events) {
  const read = readIncoming(event);
  assert.equal(read.kind, event.event);
  covers(read.loads ?? null, event.loads ?? null, 'event');
  covers(read.keys ?? null, event.keys ?? null, 'event');
}

// Nothing that comes is believed.
const odd = [null, 3, 'x', [], {}, { type: 'answer' }, { type: 'answer', result: [] }, { type: 'error', error: 'no' }, { type: 'event', event: 'party' }];
for (const message of odd) {
  assert.equal(readIncoming(message).kind, 'unknown');
}
for (const read of Object.values(READERS)) {
  for (const result of [{}, { hits: 'many' }, { hits: [null, 3, {}] }, { facets: [{}], pictures: [{}], loads: [{}], hit: {}, collections: [{}] }]) {
    read(result);
  }
}
const script = READERS.thumbnails({ pictures: [{ buffer: 0, type: 'image/svg+xml', width: 1, height: 1 }] });
assert.equal(script.pictures[0].kind, 'problem');
const page = READERS.sound({ sound: { buffer: 0, type: 'text/html', start: 0, end: 1 } });
assert.equal(page.sound.kind, 'problem');
assert.deepEqual(READERS.sound({ sound: null }), { sound: null });

// Answers find who asked, in whatever order they come; aborted ones are dropped.
{
  const wire = channel();
  const states = [];
  const client = new Client(wire, { connection: state => states.push(state) });
  const abort = new AbortController();
  const first = client.ask('loads', {}, { signal: abort.signal });
  const second = client.ask('loads', {});
  const [one, two] = wire.sent.map(({ message }) => message.uuid);
  abort.abort();
  wire.receive({ type: 'answer', verb: 'loads', uuid: one, result: { loads: [] } });
  wire.receive({ type: 'answer', verb: 'loads', uuid: 'another', result: { loads: [] } });
  wire.receive({ type: 'error', uuid: two, error: { kind: 'busy', message: 'later' } });
  assert.equal((await first).kind, 'aborted');
  assert.deepEqual(await second, { kind: 'error', uuid: two, error: { kind: 'busy', message: 'later' } });
  assert.equal((await client.ask('loads', {}, { signal: abort.signal })).kind, 'aborted');
  const late = await client.ask('loads', {}, { timeout: 1 });
  assert.deepEqual(late, { kind: 'error', error: { kind: 'late', message: '' } });
  const unreadable = client.ask('search', questions.search);
  wire.receive({ type: 'answer', uuid: wire.sent.at(-1).message.uuid, result: { hits: 3 } });
  assert.equal((await unreadable).error.kind, 'unreadable');
  const open = client.ask('loads', {});
  client.mark('lost');
  assert.equal((await open).error.kind, 'lost');
  assert.deepEqual(states, ['lost']);
  client.mark('open');
  wire.send = () => {
    throw new Error('closed');
  };
  assert.equal((await client.ask('loads', {})).error.kind, 'lost');
  client.dispose();
  assert.equal(wire.handlers.size, 0);
  assert.equal((await client.ask('loads', {})).kind, 'aborted');
}

// Two versions that do not understand each other say so with both numbers.
{
  const wire = channel();
  const client = new Client(wire);
  const hello = client.hello();
  const { uuid, version } = wire.sent[0].message;
  assert.equal(version, VERSION);
  wire.receive({ type: 'answer', uuid, result: { version: '9.9', protocol: PROTOCOL + 1 } });
  assert.deepEqual(await hello, { kind: 'error', error: { kind: 'version', message: '9.9' } });
  client.dispose();
}
console.log('the twins agree');
