import { YingdaError } from './error.ts';
import type { Host } from './host.ts';
import type { MessageContext, Page, Product } from './protocol.ts';
import { cleanPage } from './identity.ts';

const maxFields = 30;
const maxValue = 200;

/**
 * What goes along with messages: the answers of the form before the chat, with
 * the first one, and the page and product that are looked at. The answers
 * survive a reload until a message took them along.
 */
export class Prechat {
  private readonly host: Host;
  private readonly key: string;
  private values: Record<string, string> | null = null;
  private page: Page | undefined;
  private product: Product | null = null;
  private toldContext = '';

  constructor(host: Host, key: string) {
    this.host = host;
    this.key = key;
    try {
      const kept = JSON.parse(host.storage.get(key) ?? 'null') as unknown;
      if (typeof kept === 'object' && kept !== null && !Array.isArray(kept)) this.values = clean(kept as Record<string, unknown>);
    } catch {
      host.storage.remove(key);
    }
  }

  set(values: Record<string, string>): void {
    for (const [name, value] of Object.entries(values)) {
      if (value.length > maxValue && [...value].length > maxValue) {
        throw new YingdaError('invalid', `An answer is longer than ${maxValue} characters`, { field: name });
      }
    }
    this.values = clean(values);
    this.host.storage.set(this.key, JSON.stringify(this.values));
  }

  get answers(): Record<string, string> | null {
    return this.values;
  }

  look(page: Page | undefined): void {
    this.page = page;
  }

  show(product: Product | null): void {
    this.product = product;
  }

  /** What to send along; page and product only when they are others than last time. */
  along(sharePage: boolean): { prechat?: Record<string, string>; context?: MessageContext } {
    const context: MessageContext = { ...(sharePage ? cleanPage(this.page) : {}), ...(this.product ? { product: this.product } : {}) };
    const text = JSON.stringify(context);
    return {
      ...(this.values && Object.keys(this.values).length > 0 ? { prechat: this.values } : {}),
      ...(text !== '{}' && text !== this.toldContext ? { context } : {}),
    };
  }

  /** A message arrived with what along gave. */
  taken(sent: { context?: MessageContext }): void {
    if (sent.context) this.toldContext = JSON.stringify(sent.context);
    if (!this.values) return;
    this.values = null;
    this.host.storage.remove(this.key);
  }

  forget(): void {
    this.values = null;
    this.toldContext = '';
    this.host.storage.remove(this.key);
  }
}

function clean(values: Record<string, unknown>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(values).slice(0, maxFields)) {
    if (typeof value === 'string' && value !== '') out[name] = [...value].slice(0, maxValue).join('');
  }
  return out;
}
