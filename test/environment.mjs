// The globals of a test file. Jest's own environment puts a watch between a test file and each of them, which made every
// `Math`, `Error` or `process` of all that is loaded so slow that the tests took a quarter more of the processor. These are plain.
import { createRequire } from 'node:module';
import vm from 'node:vm';

const require = createRequire(import.meta.url);
const fromJest = createRequire(require.resolve('jest-environment-node'));
const { ModuleMocker } = fromJest('jest-mock');
const { installCommonGlobals } = fromJest('jest-util');

const bare = () => vm.createContext(vm.constants.DONT_CONTEXTIFY);
/** What Node has beyond the language itself; storage warns when it is looked at. */
const OF_THE_LANGUAGE = new Set(Object.getOwnPropertyNames(bare()));
const OF_NODE = Object.entries(Object.getOwnPropertyDescriptors(globalThis)).filter(
  ([name]) => !OF_THE_LANGUAGE.has(name) && !['global', 'localStorage', 'sessionStorage'].includes(name),
);

/** As much of Jest's environment (jest-environment-node) as our tests ask for: no fake timers. */
export default class PlainEnvironment {
  /** @param {{ projectConfig: { globals: object } }} config */
  constructor({ projectConfig }) {
    const global = bare();
    for (const [name, property] of OF_NODE) Object.defineProperty(global, name, ofThisProcess(name, property));
    // One of each, so that what Node makes is an instance of what tests know.
    Object.assign(global, { global, Buffer, ArrayBuffer, Uint8Array });
    installCommonGlobals(global, projectConfig.globals);
    global.Error.stackTraceLimit = 100;
    this.global = global;
    this.moduleMocker = new ModuleMocker(global);
    this.fakeTimers = null;
    this.fakeTimersModern = null;
  }

  async setup() {}

  async teardown() {
    this.global = null;
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  getVmContext() {
    return this.global;
  }
}

/**
 * A global that is only made when it is asked for has to be asked for as this process's own.
 * @param {string} name
 * @param {PropertyDescriptor} property
 * @returns {PropertyDescriptor}
 */
function ofThisProcess(name, { enumerable, ...property }) {
  if ('value' in property) return { ...property, enumerable, configurable: true };
  const get = () => Reflect.get(globalThis, name);
  return {
    configurable: true,
    enumerable,
    get,
    set(value) {
      Object.defineProperty(this, name, { configurable: true, enumerable, writable: true, value });
    },
  };
}
