// What the pages do beyond HTML and htmx. Every page works without this file; nothing here builds HTML from text.
(() => {
  const root = document.documentElement;
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const on = (type, handler, options) => document.addEventListener(type, handler, options);

  /** An element with attributes and children; strings become text nodes, never markup. */
  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function remember(key, value) {
    try {
      if (value === undefined) return localStorage.getItem(key);
      localStorage.setItem(key, value);
    } catch {
      // Storage may be blocked: then nothing is remembered, and nothing breaks.
    }
    return null;
  }

  // ------------------------------------------------------------------ messages

  function announce(text) {
    const region = $('#announce');
    if (!region) return;
    region.textContent = '';
    setTimeout(() => {
      region.textContent = text;
    }, 50);
  }

  function toast(text, tone) {
    const close = element('button', {
      class: 'notice-close',
      type: 'button',
      'data-close': '',
      'aria-label': 'Dismiss',
    });
    close.append(element('i', { class: 'icon i-x', 'aria-hidden': 'true' }));
    const box = element('div', { class: `notice is-${tone}` }, element('span', {}, text), close);
    $('#toasts').replaceChildren(box);
    announce(text);
    hideLater(box);
  }

  /** Good news goes by itself after ten seconds, unless somebody is about to press Undo; bad news stays. */
  function hideLater(notice) {
    if (notice.matches('.is-red, .is-amber')) return;
    setTimeout(() => {
      if (notice.matches(':hover, :focus-within')) hideLater(notice);
      else notice.remove();
    }, 10_000);
  }

  // ------------------------------------------------------------------ navigation through htmx

  let boosted = null;
  let underway = 0;
  let typing = false;

  const isFull = (ctx) => ctx.request.headers['HX-Request-Type'] === 'full';
  /** An event stream only makes a page quicker, so one that cannot be opened is nothing to tell. */
  const isStream = (ctx) => ctx?.sourceElement?.hasAttribute?.('hx-sse:connect');
  /** What is brought up to date while the reader looks on shows no progress, complains of nothing and never takes the focus. */
  const isQuiet = (ctx) => ctx?.sourceElement?.hasAttribute?.('data-quiet');
  const isDocument = (text) => /^\s*<!doctype/i.test(text);
  const frameOf = (text) => /<html[^>]*\sdata-frame="([^"]*)"/.exec(text)?.[1];

  on('htmx:config:request', ({ detail: { ctx } }) => {
    const { headers, body, method } = ctx.request;
    if (headers['HX-History-Restore-Request']) ctx.selectOOB = '#nav';
    // Empty filters would only make addresses longer.
    if (method === 'GET' && body) for (const [key, value] of [...body]) if (value === '') body.delete(key);
  });

  on('htmx:before:request', (event) => {
    const { ctx } = event.detail;
    if (isFull(ctx) && !mayLeave(ctx.sourceElement)) return event.preventDefault();
    // As in a browser, the last click wins.
    if (isFull(ctx)) {
      boosted?.request.abort?.();
      boosted = ctx;
    }
    if (isQuiet(ctx)) {
      ctx.began = Date.now();
      return;
    }
    underway++;
    ctx.counted = true;
    root.classList.add('is-loading');
  });

  on('htmx:finally:request', ({ detail: { ctx } }) => {
    if (boosted === ctx) boosted = null;
    if (isQuiet(ctx)) rest(Date.now() - ctx.began);
    if (ctx.counted) underway--;
    if (underway <= 0) root.classList.remove('is-loading');
    release(ctx.sourceElement);
  });

  // A page of another frame (signed out, newer version, other theme) must not land inside this one.
  on('htmx:after:request', (event) => {
    const { ctx } = event.detail;
    if (isStream(ctx)) {
      event.preventDefault();
      if (ctx.response.status >= 500 || ctx.response.status === 429) connectLater(ctx.sourceElement);
      return;
    }
    if (ctx.hx.redirect?.startsWith('/')) {
      event.preventDefault();
      return follow(ctx.hx.redirect, ctx.sourceElement);
    }
    if (ctx.hx.redirect || ctx.hx.refresh) leaving = true;
    // The page that the link stood on may have been replaced meanwhile; the link was clicked all the same.
    if (isFull(ctx) && ctx.target?.isConnected === false) ctx.target = $('#main');
    if (!isDocument(ctx.text)) return;
    const { url, redirected } = ctx.response.raw;
    const foreign = frameOf(ctx.text) !== root.dataset.frame;
    if (isFull(ctx)) {
      if (!foreign || (ctx.request.method !== 'GET' && !redirected)) return;
      event.preventDefault();
      leaving = true;
      location.assign(url + (ctx.request.anchor ? `#${ctx.request.anchor}` : ''));
      return;
    }
    event.preventDefault();
    if (!foreign && isQuiet(ctx)) return;
    if (!foreign && ctx.response.status >= 400) return toast(wordsOf(ctx.text), 'red');
    leaving = true;
    if (foreign) location.reload();
    else location.assign(url);
  });

  /** Goes where the answer to a part of the page leads, as a link does: in place, and the focus with it. */
  function follow(path, source) {
    source.removeAttribute('data-guard'); // what was in it has been taken
    const history = new URL(path, location.href).href === location.href ? 'replace' : 'push';
    const place = { target: '#main', select: '#main', selectOOB: '#nav', swap: 'outerHTML show:top' };
    htmx.ajax('GET', path, { ...place, [history]: 'true' });
  }

  on('htmx:before:swap', (event) => {
    const { ctx } = event.detail;
    const status = ctx.response?.status ?? 200;
    if (isQuiet(ctx)) return beforeSettling(event, status);
    ctx.hadFocus = document.activeElement !== document.body;
    if (status < 400) return;
    if (isFull(ctx)) {
      // A refused form stays at its own address, so that reloading shows the form again.
      if (ctx.request.method !== 'GET') ctx.push = false;
      return;
    }
    if (status === 422 || ctx.hx?.retarget) return;
    event.preventDefault();
    toast(wordsOf(ctx.text), 'red');
  });

  /** Heading and first sentence of an error page or fragment. */
  function wordsOf(text) {
    const parsed = new DOMParser().parseFromString(text, 'text/html');
    const words = [$('h1', parsed), $('h1 ~ p', parsed)].map((part) => part?.textContent.trim()).filter(Boolean);
    return words.join(' – ') || 'That did not work. Please try again.';
  }

  on('htmx:error', ({ detail }) => {
    if (isStream(detail.ctx)) return connectLater(detail.ctx.sourceElement);
    if (detail.error?.name === 'AbortError' || isQuiet(detail.ctx)) return;
    if (detail.error instanceof TypeError || detail.ctx?.request?.signal?.aborted)
      toast('The server could not be reached. Check the connection and try again.', 'red');
  });

  /** The first and the longest pause before a stream that could not be opened is tried again, in ms. */
  const PAUSE = { first: 1_000, last: 60_000 };

  /** The extension opens a stream again that was open once, but not one whose first request failed. */
  function connectLater(stream) {
    const pause = Math.min(2 * Number(stream.dataset.pause ?? PAUSE.first / 2), PAUSE.last);
    stream.dataset.pause = pause;
    setTimeout(() => stream.isConnected && window.htmx.trigger(stream, 'connect'), pause * (0.7 + 0.6 * Math.random()));
  }

  // Typing in a search field is one step back, not one per letter.
  on('htmx:before:history:update', ({ detail }) => {
    const typed = boosted === null && document.activeElement?.matches('input[type="search"]');
    if (typed && typing) detail.history.type = 'replace';
    typing = typed;
  });

  let place = location.pathname;
  on('htmx:after:swap', ({ detail: { ctx } }) => {
    if (isQuiet(ctx)) return settle(ctx);
    const total = $('#list [data-total]')?.dataset.total;
    if (total !== undefined && $('#total')) $('#total').textContent = total;
    if (ctx.target?.id === 'list') announce($('#count')?.textContent ?? $('#list h2')?.textContent ?? '');
    if (isFull(ctx)) {
      for (const menu of $$('details.menu[open]')) menu.open = false;
      const sidebar = $('#sidebar');
      if (sidebar?.matches(':popover-open')) sidebar.hidePopover();
      $('#keys')?.remove();
    }
    const fact = ctx.target?.matches?.('.fact') && document.getElementById(ctx.target.id);
    // Whoever tries how a file is read goes on choosing.
    if (ctx.target?.id === 'preview') return;
    if (fact) return $('.fact-form :is(input:not([type="hidden"]), select, textarea), .fact-edit', fact)?.focus();
    const lost = ctx.hadFocus && document.activeElement === document.body;
    arrive(lost || location.pathname !== place);
    place = location.pathname;
  });

  /** Puts the focus where the reader goes on: the errors, the field to fill, else the heading of what is new to them. */
  function arrive(isNew) {
    for (const notice of $$('#notices .notice')) {
      announce($('span', notice).textContent);
      hideLater(notice);
    }
    drawCharts();
    lookAgain();
    const errors = $('[data-focus]');
    if (errors) return errors.focus();
    if (!isNew || $('#main [autofocus]')) return;
    const heading = $('#main h1');
    heading?.setAttribute('tabindex', '-1');
    heading?.focus({ preventScroll: true });
  }

  // ------------------------------------------------------------------ pages that follow what others change

  /** The least between two looks, in ms; an answer that costs more is asked for less often. */
  const CALM = 5_000;
  /** How long a worker is given for what took too long, and for what was of a moment ago, in ms. */
  const LATER = { late: 8_000, earlier: 30_000 };
  let looking = 0;
  let calmUntil = 0;
  let hasNews = false;

  on('records', ({ target }) => {
    // The page is about as old as its stream, so the first word is no news.
    if (target.dataset.heard) {
      hasNews = true;
      look();
    } else target.dataset.heard = 'true';
  });

  /** Asks again for what is shown, once the reader is not in the middle of it; not all readers at the same moment. */
  function look(after = 0) {
    clearTimeout(looking);
    looking = setTimeout(
      () => {
        const part = $('[data-quiet]');
        if (part && isUnder(part)) look();
        else if (part) window.htmx.trigger(part, 'refresh');
      },
      Math.max(300 + 700 * Math.random(), calmUntil - Date.now(), after),
    );
  }

  /** What is not there yet is asked for until it is; what may not know the news yet is asked for once more. */
  function lookAgain() {
    const part = $('[data-quiet]');
    if (part?.matches('[data-late]')) look(LATER.late);
    else if (hasNews && part?.matches('[data-earlier]')) look(LATER.earlier);
    hasNews = false;
  }

  /** Whether somebody types, has the focus, marks text or prints there. */
  function isUnder(part) {
    const marked = getSelection();
    return (
      printing ||
      part.contains(document.activeElement) ||
      (marked?.type === 'Range' && part.contains(marked.anchorNode)) ||
      Boolean($('details.menu[open]', part))
    );
  }

  const rest = (cost) => {
    calmUntil = Date.now() + Math.max(CALM, 10 * cost);
  };

  function beforeSettling(event, status) {
    const { ctx } = event.detail;
    ctx.open = $$('details[open]', ctx.target).map(({ id }) => id);
    const wanted = status < 400 && ctx.target.isConnected;
    if (wanted && !isUnder(ctx.target)) return;
    event.preventDefault();
    if (wanted) look();
  }

  function settle({ open }) {
    for (const id of open ?? []) document.getElementById(id)?.setAttribute('open', '');
    drawCharts();
    lookAgain();
  }

  // ------------------------------------------------------------------ forms

  let leaving = false;

  function isDirty(form) {
    if ($('.summary', form)) return true;
    return [...form.elements].some((field) => {
      if (field.type === 'checkbox' || field.type === 'radio') return field.checked !== field.defaultChecked;
      if (field.options)
        return [...field.options].some((option, i) => option.selected !== startsSelected(field, option, i));
      return 'defaultValue' in field && field.type !== 'hidden' && field.value !== field.defaultValue;
    });
  }

  function startsSelected(select, option, index) {
    const marked = [...select.options].some((each) => each.defaultSelected);
    return marked ? option.defaultSelected : index === 0;
  }

  function mayLeave(source) {
    const unsaved = $$('form[data-guard]').filter((form) => form !== source && isDirty(form));
    return !unsaved.length || window.confirm('Leave this page? What you entered has not been saved.');
  }

  window.addEventListener('beforeunload', (event) => {
    const unsaved = $$('form[data-guard]').filter((form) => !form.dataset.busy && isDirty(form));
    if (!leaving && unsaved.length) event.preventDefault();
  });

  // Back and forward are handled by htmx without leaving the document, so the browser does not ask.
  window.navigation?.addEventListener('navigate', (event) => {
    if (event.navigationType !== 'traverse' || event.hashChange || !event.cancelable || !event.canIntercept) return;
    if (mayLeave(null)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });

  // A second press of the same button must not send the form twice.
  on(
    'submit',
    (event) => {
      const form = event.target;
      if (form.method !== 'post') return;
      if (form.dataset.busy) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
      }
      form.dataset.busy = 'true';
      event.submitter?.setAttribute('aria-busy', 'true');
      setTimeout(() => release(form), 8000);
    },
    true,
  );

  // A date being typed passes through the years 0002 and 0020; lists and reports wait until it is meant.
  on(
    'change',
    (event) => {
      const { target } = event;
      if (target.type === 'date' && /^0/.test(target.value)) event.stopImmediatePropagation();
      else target.closest?.('form[data-live]')?.requestSubmit();
    },
    true,
  );

  function release(form) {
    if (!form?.dataset?.busy) return;
    delete form.dataset.busy;
    for (const button of $$('[aria-busy]', form)) button.removeAttribute('aria-busy');
  }

  window.addEventListener('pageshow', () => $$('form[data-busy]').forEach(release));

  // ------------------------------------------------------------------ clicks

  on('click', (event) => {
    const target = event.target;
    target.closest('[data-close]')?.closest('.notice').remove();
    if (target.closest('[data-keys]')) showKeys();
    if (target.closest('[data-print]')) window.print();
    if (target.closest('[data-fold]')) {
      remember('sidebar', root.classList.toggle('nav-collapsed') ? 'collapsed' : 'open');
    }
    const copy = target.closest('[data-copy]');
    if (copy) copyText(copy);
    for (const menu of $$('details.menu[open]')) if (!menu.contains(target)) menu.open = false;
    if (event.defaultPrevented || target.closest('a, button, input, select, textarea, label, summary')) return;
    if (getSelection()?.type === 'Range') return;
    const link = $('.row-link', target.closest('[data-row]') ?? root.ownerDocument.createElement('i'));
    if (link && target.closest('[data-row]'))
      return event.metaKey || event.ctrlKey ? void open(link.href) : link.click();
    const fact = target.closest('.fact:not(.is-editing)');
    if (fact) $('.fact-edit', fact)?.click();
  });

  async function copyText(source) {
    try {
      await navigator.clipboard.writeText(source.dataset.copy || source.textContent.trim());
      toast('Copied.', 'neutral');
    } catch {
      getSelection().selectAllChildren(source);
    }
  }

  // ------------------------------------------------------------------ keyboard

  const KEYS = [
    ['Ctrl K', 'Search everything'],
    ['/', 'Search this list'],
    ['j', 'Next row or record'],
    ['k', 'Previous row or record'],
    ['Enter', 'Open the row'],
    ['e', 'Edit'],
    ['c', 'Create'],
    ['Ctrl Enter', 'Save the form'],
    ['Esc', 'Close or cancel'],
    ['?', 'Show this list'],
  ];

  on('keydown', (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === 'k') return focusOn(event, $('#search'));
    if (command && event.key === 'Enter') {
      const form = event.target.closest?.('form');
      if (form?.method === 'post') {
        event.preventDefault();
        form.requestSubmit($('[type="submit"]', form));
      }
      return;
    }
    if (event.key === 'Escape') return cancel(event);
    if (command || event.altKey || event.target.closest?.('input, select, textarea, dialog, [contenteditable]')) return;
    if (event.key === '?') return showKeys();
    if (remember('keys') === 'off') return;
    if (event.key === '/') return focusOn(event, $('[data-key="/"]') ?? $('#search'));
    if (event.key === 'j' || event.key === 'k') return step(event);
    if (event.key === 'e' && currentRow()) return $('[data-edit]', currentRow())?.click();
    $(`[data-key="${CSS.escape(event.key)}"]`)?.click();
  });

  function focusOn(event, field) {
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  }

  function cancel(event) {
    const menu = $('details.menu[open]');
    if (menu) {
      menu.open = false;
      $('summary', menu).focus();
      return;
    }
    $('[data-escape]', event.target.closest?.('form') ?? document.createElement('i'))?.click();
  }

  const currentRow = () => document.activeElement?.closest('[data-row]');

  function step(event) {
    const rows = $$('[data-row]');
    if (!rows.length) return $(`[data-key="${event.key}"]`)?.click();
    const at = rows.indexOf(currentRow());
    const next = event.key === 'j' ? at + 1 : Math.max(at - 1, 0);
    $('.row-link', rows[Math.min(next, rows.length - 1)])?.focus();
  }

  function showKeys() {
    $('#keys')?.remove();
    const rows = KEYS.map(([keys, does]) =>
      element(
        'div',
        {},
        element('dt', {}, ...keys.split(' ').map((key) => element('kbd', {}, key))),
        element('dd', {}, does),
      ),
    );
    const single = element('input', { type: 'checkbox', class: 'form-check-input' });
    single.checked = remember('keys') !== 'off';
    single.addEventListener('change', () => remember('keys', single.checked ? 'on' : 'off'));
    const close = element('button', { class: 'btn' }, 'Close');
    const dialog = element(
      'dialog',
      { id: 'keys', class: 'dialog', 'aria-labelledby': 'keys-title' },
      element('h2', { id: 'keys-title' }, 'Keyboard shortcuts'),
      element('dl', { class: 'keys' }, ...rows),
      element('label', { class: 'check' }, single, 'Single keys work outside of fields'),
      element('form', { method: 'dialog' }, close),
    );
    dialog.addEventListener('close', () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  // ------------------------------------------------------------------ type-ahead

  on('focusin', ({ target }) => {
    if (target.matches?.('input[data-lookup]:not([role])') && target.dataset.lookup) combobox(target);
  });

  /** Makes a text field a combobox over GET lookup?q= → { items: [{ id, title, subtitle }] }. */
  function combobox(input) {
    const list = element('ul', {
      class: 'options',
      role: 'listbox',
      id: `${input.id}-options`,
      'aria-label': 'Matches',
    });
    const hidden = input.dataset.ref ? document.getElementById(input.dataset.ref) : null;
    const isTags = 'tags' in input.dataset;
    let items = [];
    let active = -1;
    let asked = null;
    list.hidden = true;
    input.after(list);
    for (const [name, value] of Object.entries({
      role: 'combobox',
      autocomplete: 'off',
      'aria-autocomplete': 'list',
      'aria-expanded': 'false',
      'aria-controls': list.id,
    }))
      input.setAttribute(name, value);

    const word = () => (isTags ? input.value.slice(input.value.lastIndexOf(',') + 1) : input.value).trim();

    function close() {
      asked?.abort();
      list.hidden = true;
      active = -1;
      input.setAttribute('aria-expanded', 'false');
      input.removeAttribute('aria-activedescendant');
    }

    function mark(index) {
      active = index;
      for (const [i, option] of [...list.children].entries()) option.setAttribute('aria-selected', String(i === index));
      list.children[index]?.scrollIntoView({ block: 'nearest' });
      if (index >= 0) input.setAttribute('aria-activedescendant', list.children[index].id);
      else input.removeAttribute('aria-activedescendant');
    }

    function choose(item) {
      const before = isTags ? input.value.slice(0, input.value.lastIndexOf(',') + 1) : '';
      input.value = isTags ? `${before}${before ? ' ' : ''}${item.title}, ` : item.title;
      if (hidden) hidden.value = item.id;
      close();
      input.dispatchEvent(new Event('change', { bubbles: true }));
    }

    function show(found) {
      items = found;
      const options = items.map((item, i) => {
        const option = element('li', { role: 'option', id: `${list.id}-${i}`, 'aria-selected': 'false' }, item.title);
        if (item.subtitle) option.append(element('span', {}, item.subtitle));
        option.addEventListener('pointerdown', (event) => {
          event.preventDefault();
          choose(item);
        });
        return option;
      });
      const none = element('li', { class: 'options-note', role: 'option', 'aria-disabled': 'true' }, 'Nothing found');
      list.replaceChildren(...(options.length || isTags ? options : [none]));
      list.hidden = !list.children.length;
      input.setAttribute('aria-expanded', String(!list.hidden));
      mark(options.length && !isTags ? 0 : -1);
    }

    let timer = 0;
    async function ask() {
      asked?.abort();
      asked = new AbortController();
      const url = new URL(input.dataset.lookup, location.href);
      url.searchParams.set('q', word());
      try {
        const answer = await fetch(url, { headers: { Accept: 'application/json' }, signal: asked.signal });
        if (answer.ok) show((await answer.json()).items);
      } catch {
        // Aborted by the next letter, or offline: the field stays an ordinary text field.
      }
    }

    input.addEventListener('input', () => {
      if (hidden) hidden.value = '';
      clearTimeout(timer);
      if (word()) timer = setTimeout(ask, 120);
      else close();
    });
    input.addEventListener('blur', () => {
      clearTimeout(timer);
      close();
    });
    input.addEventListener('keydown', (event) => {
      if (event.key === 'ArrowDown' && list.hidden) return void ask();
      if (list.hidden || !items.length) return;
      const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (move) {
        event.preventDefault();
        mark((active + move + items.length) % items.length);
      } else if (event.key === 'Enter' && active >= 0 && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        choose(items[active]);
      } else if (event.key === 'Escape') {
        event.preventDefault();
        close();
      }
    });
  }

  // ------------------------------------------------------------------ charts

  let chartScript = null;

  function loadCharts() {
    chartScript ??= new Promise((resolve, reject) => {
      const script = element('script', { src: $('meta[name="chart-script"]').content });
      script.addEventListener('load', resolve);
      script.addEventListener('error', reject);
      document.head.append(script);
    });
    return chartScript;
  }

  /** Colours of the present theme; custom properties hold light-dark() pairs, so they are read through an element. */
  function palette(canvas) {
    const probe = element('i');
    canvas.parentElement.append(probe);
    const read = (name) => {
      probe.className = `ink-${name}`;
      return getComputedStyle(probe).color;
    };
    const colours = {
      series: ['1', '2', '3', '4', '5', '6'].map(read),
      text: read('text'),
      muted: read('muted'),
      line: read('line'),
      panel: read('panel'),
    };
    probe.remove();
    return colours;
  }

  const INK = ['#1a1a1a', '#8a8a8a', '#c9c9c9', '#5a5a5a', '#b0b0b0', '#e0e0e0'];

  /** Greys that also differ by pattern: solid, stripes, dots, another grey, stripes the other way, dots further apart. */
  function ink(context, index) {
    if (index % 3 === 0) return INK[index % INK.length];
    const tile = element('canvas', { width: 8, height: 8 });
    const draw = tile.getContext('2d');
    draw.fillStyle = '#fff';
    draw.fillRect(0, 0, 8, 8);
    draw.strokeStyle = draw.fillStyle = '#333';
    if (index % 3 === 1) {
      draw.lineWidth = 1.5;
      const [from, to] = index % 6 === 1 ? [8, 0] : [0, 8];
      for (const shift of [-8, 0, 8]) {
        draw.moveTo(shift, from);
        draw.lineTo(shift + 8, to);
      }
      draw.stroke();
    } else {
      draw.fillRect(1, 1, 2, 2);
      if (index % 6 === 2) draw.fillRect(5, 5, 2, 2);
    }
    return context.createPattern(tile, 'repeat');
  }

  /** Writes each value at the end of its bar, so that no legend or axis has to be looked up. */
  const directLabels = (texts, colour) => ({
    id: 'directLabels',
    afterDatasetsDraw(chart) {
      const { ctx } = chart;
      const across = chart.options.indexAxis === 'y';
      const series = chart.getSortedVisibleDatasetMetas();
      ctx.save();
      ctx.fillStyle = colour;
      ctx.font = `12px ${getComputedStyle(document.body).fontFamily}`;
      ctx.textAlign = across ? 'left' : 'center';
      ctx.textBaseline = across ? 'middle' : 'bottom';
      for (const [i, text] of texts.entries()) {
        const ends = series.map(({ data }) => data[i]);
        if (across) ctx.fillText(text, Math.max(...ends.map(({ x, base }) => Math.max(x, base))) + 6, ends[0]?.y);
        else ctx.fillText(text, ends[0]?.x, Math.min(...ends.map(({ y }) => y)) - 4);
      }
      ctx.restore();
    },
  });

  /** Draws what is new on the page, and lets go of what is no longer there. */
  async function drawCharts() {
    for (const chart of Object.values(window.Chart?.instances ?? {})) if (!chart.canvas?.isConnected) chart.destroy();
    const waiting = $$('[data-chart]:not([data-drawn])');
    if (!waiting.length) return;
    for (const canvas of waiting) canvas.dataset.drawn = 'true';
    try {
      await loadCharts();
    } catch {
      for (const canvas of waiting) canvas.closest('figure')?.remove();
      return;
    }
    for (const canvas of waiting) if (canvas.isConnected) drawChart(canvas, false);
  }

  let printing = false;

  function drawChart(canvas, print) {
    window.Chart.getChart(canvas)?.destroy();
    canvas.parentElement.classList.toggle('on-paper', print);
    window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    // Printers have many more dots than screens.
    window.Chart.defaults.devicePixelRatio = print ? 3 : devicePixelRatio;
    new window.Chart(canvas, chartConfig(canvas, JSON.parse(canvas.dataset.chart), print));
  }

  function redraw(print) {
    if (window.Chart) for (const canvas of $$('[data-drawn]')) drawChart(canvas, print);
  }

  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => redraw(false));
  window.addEventListener('beforeprint', () => {
    printing = true;
    redraw(true);
  });
  window.addEventListener('afterprint', () => {
    printing = false;
    redraw(false);
  });

  /** A bar, a point or a share leads to the list behind it, as the figure in the table does. */
  const leads = ({ series }) => {
    const behind = (found) => (found.length ? series[found[0].datasetIndex]?.hrefs?.[found[0].index] : '');
    return {
      onClick(_event, found) {
        const href = behind(found);
        if (href) location.assign(href);
      },
      onHover({ native }, found) {
        native.target.style.cursor = behind(found) ? 'pointer' : '';
      },
    };
  };

  /** Shares of a whole; the legend says each with its value, so that no colour has to be looked up. */
  function doughnutConfig(canvas, given, print) {
    const [series] = given.series;
    canvas.parentElement.classList.add('is-doughnut');
    const colours = palette(canvas);
    const pen = canvas.getContext('2d');
    const fills = series.values.map((_value, i) => (print ? ink(pen, i) : colours.series[i % colours.series.length]));
    const text = print ? '#000' : colours.text;
    const labels = given.labels.map((label, i) => `${label}: ${series.texts[i]}`);
    const border = { borderColor: print ? '#333' : colours.panel, borderWidth: print ? 1 : 2 };
    return {
      type: 'doughnut',
      data: { labels, datasets: [{ data: series.values, backgroundColor: fills, ...border }] },
      options: {
        ...leads(given),
        maintainAspectRatio: false,
        animation: false,
        cutout: '62%',
        plugins: {
          legend: { position: 'right', labels: { color: text, boxWidth: 12, boxHeight: 12, padding: 10 } },
          tooltip: { callbacks: { label: ({ dataIndex }) => ` ${labels[dataIndex]}` } },
        },
      },
    };
  }

  function chartConfig(canvas, given, print) {
    if (given.kind === 'doughnut') return doughnutConfig(canvas, given, print);
    const funnel = given.kind === 'funnel';
    const across = given.kind === 'bars' || funnel;
    const line = given.kind === 'lines';
    const single = given.series.length === 1;
    const stacked = given.kind === 'stacks' || (across && !single);
    const ends = line ? [] : (given.ends ?? (single ? given.series[0].texts : []));
    const room = 12 + 7 * Math.max(0, ...ends.map(({ length }) => length));
    const colours = palette(canvas);
    const text = print ? '#000' : colours.text;
    const quiet = { color: print ? '#333' : colours.muted };
    const rule = { color: print ? '#bbb' : colours.line };
    const short = new Intl.NumberFormat(root.lang || 'en', { notation: 'compact' });
    // Names share the width with the bars; the tooltip and the table have them whole.
    const letters = canvas.parentElement.clientWidth < 480 ? 15 : 30;
    const shortened = (_value, i) => {
      const name = [...given.labels[i]];
      return name.length > letters ? `${name.slice(0, letters - 1).join('')}…` : given.labels[i];
    };
    const datasets = given.series.map((series, i) => {
      const colour = print ? INK[i % INK.length] : colours.series[i % colours.series.length];
      // What is left of a number stands in the middle, so that the sides draw near each other step by step.
      const data = funnel ? series.values.map((value) => [-value / 2, value / 2]) : series.values;
      const common = { label: series.label, data, texts: series.texts };
      if (line) {
        const dash = print ? [i * 4, i ? 3 : 0] : [];
        return {
          ...common,
          borderColor: colour,
          backgroundColor: colour,
          borderWidth: 2,
          pointRadius: 3,
          borderDash: dash,
        };
      }
      const fill = print ? ink(canvas.getContext('2d'), i) : colour;
      const edge = {
        borderColor: '#333',
        borderWidth: print ? 1 : 0,
        borderRadius: stacked ? 0 : 3,
        maxBarThickness: 28,
      };
      return { ...common, ...edge, backgroundColor: fill };
    });
    return {
      type: line ? 'line' : 'bar',
      plugins: ends.length ? [directLabels(ends, text)] : [],
      data: { labels: given.labels, datasets },
      options: {
        ...leads(given),
        indexAxis: across ? 'y' : 'x',
        maintainAspectRatio: false,
        animation: false,
        color: text,
        layout: { padding: { right: across ? room : 0, top: ends.length && !across ? 20 : 0 } },
        plugins: {
          legend: { display: !single, align: 'start', labels: { boxWidth: 10, boxHeight: 10 } },
          tooltip: {
            callbacks: { label: ({ dataset, dataIndex }) => ` ${dataset.label}: ${dataset.texts[dataIndex]}` },
          },
        },
        scales: {
          x: {
            stacked,
            grid: { display: false },
            border: { display: !across, ...rule },
            ticks: { display: !across, ...quiet },
          },
          y: {
            stacked,
            beginAtZero: true,
            grid: { display: !across, ...rule },
            border: { display: false },
            ticks: {
              ...quiet,
              ...(across
                ? { autoSkip: false, callback: shortened }
                : { maxTicksLimit: 5, callback: (value) => short.format(value) }),
            },
          },
        },
      },
    };
  }

  arrive(false);
})();
