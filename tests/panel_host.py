"""A page that hosts the panel as anywidget does, and answers it as a kernel does."""

from __future__ import annotations

import base64
from pathlib import Path

import mmrag_jupyter
from mmrag_jupyter.widgets import protocol

STATIC = Path(mmrag_jupyter.__file__).parent / "widgets" / "static"

# What a host does: it imports the script that a notebook keeps, and passes messages on.
_HOST = """
async ([loader, code, css, version, protocol, hits, picture]) => {
  const bytes = text => new DataView(new TextEncoder().encode(text).buffer);
  const values = { collection: 'shop', query: {}, view: 'gallery', thumbnail: 160, selections: 0 };
  const heard = new Set();
  const columns = Object.keys(hits[0].metadata);
  const results = {
    hello: { version, protocol }, loads: { loads: [] }, select: { selected: 1 },
    search: { title: '', notices: [], columns, offset: 0, hits, total: hits.length,
              more: false, signals: ['lexical'], where: '' },
    facets: { items: hits.length, facets: columns.slice(1).map(column => (
      { kind: 'values', column, values: [{ value: 'x', label: 'x', count: 1 }], others: 0 })) } };
  window.asked = [];
  window.answers = true;
  // A test may hold answers back, to give them later, and give others than the usual ones.
  window.held = null;
  window.tells = {};
  const drawn = { buffer: 0, type: 'image/jpeg', width: 240, height: 180 };
  const answered = ({ type, pictures, key, ...rest }) => {
    const raster = [new DataView(Uint8Array.from(atob(picture), one => one.charCodeAt(0)).buffer)];
    switch (type) {
      case 'code': return [{}, [bytes(code), bytes(css)]];
      case 'thumbnails': return [{ pictures: pictures.map(() => drawn) }, raster];
      case 'item': return [
        { hit: hits.find(each => each.key === key), parts: [], picture: drawn }, raster];
      default: return [{ ...results[type], ...window.tells[type]?.(rest) }, []];
    }
  };
  const answer = ({ type, uuid, ...rest }) => {
    window.asked.push({ type, ...rest });
    const [result, buffers] = answered({ type, ...rest });
    const give = () => heard.forEach(
      each => each({ type: 'answer', uuid, result }, buffers));
    if (window.held !== null) {
      window.held.push(give);
    } else if (window.answers) {
      setTimeout(give, 0);
    }
  };
  const model = {
    get: name => values[name], set: (name, value) => { values[name] = value; },
    save_changes: () => undefined, send: answer,
    on: (event, handler) => {
      if (event === 'msg:custom') heard.add(handler);
      if (event === 'comm_live_update') window.channelChanges = handler;
    },
    off: (_, handler) => { heard.delete(handler); } };
  const url = URL.createObjectURL(new Blob([loader], { type: 'text/javascript' }));
  const { default: widget } = await import(url);
  const outer = document.getElementById('output');
  const el = outer.dataset.shadow === undefined
    ? outer : outer.attachShadow({ mode: 'open' }).appendChild(document.createElement('div'));
  window.takeAway = widget.render({ model, el });
}
"""


def hit(number, *, pictured=False, **columns):
    """Return a hit as the kernel sends it; `pictured` if it has a picture."""
    return {
        "id": f"A-{number}",
        "key": f"A-{number}",
        "part": 0 if pictured else None,
        "rank": number,
        "score": 1 / number,
        "metadata": {"title": f"Teapot {number}", **columns},
        "text": "a teapot",
        "thumbnail": {"image": 0, "width": 240, "height": 180} if pictured else None,
    }


def hosts(page, hits, picture=b""):
    """Show a panel with these hits in the element `output` of a page; all show one picture."""
    files = [(STATIC / name).read_text() for name in ("loader.js", "panel.js", "panel.css")]
    told = [protocol.VERSION, protocol.PROTOCOL, hits, base64.b64encode(picture).decode()]
    page.evaluate(_HOST, [*files, *told])
