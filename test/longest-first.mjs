/** The test files that take longest on two cores, longest first: if one began last, the run would wait for it alone. */
const longest = [
  'test/chaos/chaos',
  'test/stack/bench',
  'test/production/production',
  'test/search/search',
  'test/contract/deployment',
  'test/stack/gateway-with-worker',
  'test/contract/doctor',
  'test/browser/support-work',
  'test/stack/upgrade',
  'test/stack/exactly-once',
  'test/stack/gateway-waiting',
  'test/stack/restored-databases',
  'test/stack/partner-limit',
  'test/contract/doctor-directus',
  'test/stack/secrets',
  'test/stack/shutdown',
  'test/workflow/order-creation',
  'test/contract/review',
].map((name) => `/${name}.test.ts`);

/** The other test files follow by folder. Folders whose tests start the most programs come first. */
const folders = ['stack', 'workflow', 'replay', 'contract'].map((name) => `/test/${name}/`);

export default class LongestFirst {
  sort(tests) {
    return tests.toSorted((one, other) => rank(one.path) - rank(other.path) || one.path.localeCompare(other.path));
  }

  /** Jest would store how long each file took. This stores nothing: the order must be the same on every machine. */
  cacheResults() {}
}

function rank(path) {
  const place = longest.findIndex((end) => path.endsWith(end));
  if (place !== -1) return place;
  const folder = folders.findIndex((part) => path.includes(part));
  return longest.length + (folder === -1 ? folders.length : folder);
}
