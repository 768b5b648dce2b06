// Sets the theme before anything is painted; a script of its own, because modules come later.
document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "";
