// A state of a laboratory as the fragment of an address: `#run-0&trial=12&learning_rate=0.003&...`, the trial that it
// began with, and what is set otherwise.

/** Returns the fragment of a run's settings. */
function fragmentOf(run, settings) {
  return `#run-${run}&${new URLSearchParams(settings)}`;
}

/** Returns the settings { name: number } that the page's address has of a run; null: it has none. */
function settingsOf(run) {
  const [whose, ...pairs] = location.hash.slice(1).split("&");
  if (whose !== `run-${run}` || !pairs.length) return null;
  return Object.fromEntries([...new URLSearchParams(pairs.join("&"))].map(([name, value]) => [name, Number(value)]));
}
