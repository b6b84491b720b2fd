/**
 * Every view with made-up data, under the same policy as the application: `node scripts/preview.ts`, then
 * http://127.0.0.1:4000. For looking at, photographing and checking pages without a database; see docs/design.md.
 */
import express from 'express';
import { configureTemplates, template } from '#src/kernel/templates.ts';
import type { Views } from '#src/kernel/views.ts';
import { loadAssets } from '#src/platform/assets.ts';
import { activitySamples } from './preview_activity.ts';
import { homeSamples } from './preview_home.ts';
import { pageSamples } from './preview_pages.ts';
import { frame, samples as kernelSamples, type Sample } from './preview_samples.ts';

configureTemplates({ dir: `${import.meta.dirname}/../views`, strict: true, cache: false });
const assets = loadAssets({ reload: true });
const app = express();
const samples: Record<string, Sample> = { ...kernelSamples, ...pageSamples, ...activitySamples, ...homeSamples };

const POLICY =
  "default-src 'none'; script-src 'self' 'nonce-preview'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

app.use((_req, res, next) => {
  res.set({ 'Content-Security-Policy': POLICY, 'Cache-Control': 'private, no-store', Vary: 'HX-Request-Type' });
  next();
});
app.use(assets.handler);

/** Type-ahead, so that combo boxes can be tried. */
app.get('/lookup', (req, res) => {
  const q = String(req.query.q ?? '').toLowerCase();
  const people = ['Anna Novak', 'Łukasz Wójcik', 'Zoë Brontë-Hargreaves', 'Émile Lefèvre', 'Sven Åkerlund'];
  const found = people.filter((name) => name.toLowerCase().includes(q));
  res.json({ items: found.map((title, id) => ({ id: String(id), title, subtitle: 'Sales' })) });
});

app.get('/', (_req, res) => {
  const links = Object.keys(samples).map((name) => `<li><a href="/${name}">${name}</a></li>`);
  res.send(`<!doctype html><title>Preview</title><ul>${links.join('')}</ul>`);
});

app.all('/*name', (req, res) => {
  const sample = samples[req.path.slice(1)];
  if (!sample) {
    res.status(404).send(page(samples.error as Sample, ''));
    return;
  }
  if (req.get('HX-Request-Type') === 'partial') {
    res.send(sample.partial ? sample.partial(template) : body(sample));
    return;
  }
  res.status(req.method === 'POST' ? 422 : 200).send(page(sample, String(req.query.theme ?? '')));
});

function body(sample: Sample): string {
  return template(sample.view as keyof Views)(sample.data as never);
}

function page(sample: Sample, theme: string): string {
  const shared = { ...frame, title: sample.title, body: body(sample), assets: assets.page(), theme };
  return sample.bare ? template('_bare')(shared) : template('_layout')({ ...shared, notice: sample.notice ?? null });
}

const port = Number(process.env.PORT ?? 4000);
app.listen(port, '127.0.0.1', (error) => {
  if (error) throw error;
  console.log(`preview http://127.0.0.1:${port}`);
});
