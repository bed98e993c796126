// A state of a laboratory as the fragment of an address: `#run-0&trial=12`, or `#run-0&learning_rate=0.003&...`.

/** Returns the fragment of a run's settings. */
function fragmentOf(run, settings) {
  return `#run-${run}${Object.entries(settings).map(([name, value]) => `&${encodeURIComponent(name)}=${value}`).join("")}`;
}

/** Returns the settings [name, number] that the page's address has of a run; null: it has none. */
function settingsOf(run) {
  const [whose, ...pairs] = location.hash.slice(1).split("&");
  if (whose !== `run-${run}` || !pairs.length) return null;
  return pairs.map((pair) => pair.split("=")).map(([name, value]) => [decodeURIComponent(name), Number(value)]);
}
