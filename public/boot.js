// Runs before the first paint: what needs JavaScript appears at once, and the sidebar is as it was left.
document.documentElement.classList.add('js');
try {
  if (localStorage.getItem('sidebar') === 'collapsed') document.documentElement.classList.add('nav-collapsed');
} catch {
  // Storage may be blocked; the sidebar then starts open.
}
