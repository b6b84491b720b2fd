import type { Platform } from '#src/kernel/http.ts';
import { Kept } from '#src/platform/kept.ts';
import { unseal } from '#src/platform/secrets.ts';
import type { Company } from './accounts.service.ts';
import { discover } from './discovery.service.ts';
import { type Provider, secretPlace } from './provider.service.ts';
import { callbackAddress } from './sso_address.ts';
import { SafeStrategy } from './strategy.ts';

/** After how long a provider's description is read again, in ms. */
const FRESH = 60 * 60_000;
/** Providers kept ready; more only cost another look at the description. */
const MOST = 500;

/** A younger one is kept after a failure: it read everything just now, and strangers could make us ask without end. */
const YOUNG = 30_000;

interface Made {
  stamp: string;
  made: number;
  strategy: Promise<SafeStrategy>;
}

/** Strategies ready for use, one a tenant: made anew when the provider's settings change, after an hour, after a failure. */
export class Strategies {
  readonly #platform: Platform;
  readonly #kept = new Kept<Made>(MOST);

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** @throws DiscoveryError when the provider cannot be used right now */
  of(company: Company, provider: Provider): Promise<SafeStrategy> {
    const stamp = `${provider.id}:${provider.version}`;
    const kept = this.#kept.get(company.id);
    if (kept && kept.stamp === stamp && Date.now() - kept.made < FRESH) return kept.strategy;
    const strategy = this.#make(company, provider);
    this.#kept.set(company.id, { stamp, made: Date.now(), strategy });
    strategy.catch(() => {
      if (this.#kept.get(company.id)?.strategy === strategy) this.#kept.delete(company.id);
    });
    return strategy;
  }

  /** After an answer that did not hold: keys or addresses may have changed, so what is not young is read again. */
  doubt(tenantId: string): void {
    const kept = this.#kept.get(tenantId);
    if (kept && Date.now() - kept.made > YOUNG) this.#kept.delete(tenantId);
  }

  async #make(company: Company, provider: Provider): Promise<SafeStrategy> {
    const { config, origin } = this.#platform;
    const metadata = await discover(provider.issuer, config.sso_allow_private);
    const settings = {
      client_id: provider.client_id,
      client_secret: unseal(config.session_secret, secretPlace(company.id), provider.client_secret),
      token_auth: provider.token_auth,
      callback: callbackAddress(origin(), company.slug),
      allow_inside: config.sso_allow_private,
    };
    return new SafeStrategy(settings, metadata);
  }
}
