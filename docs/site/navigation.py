"""The pages of the site, in their order."""

PAGES = {
    "Learn": {
        "tutorial": "Tutorial",
        "own_data": "Your own data",
        "fit": "From a CSV file to predictions",
        "walkthrough": "A question, step by step",
        "gallery": "Gallery",
        "double_descent": "Double descent",
    },
    "Use": {
        "configs": "Configs and sweeps",
        "reading": "Reading the results",
        "comparing": "Comparing runs",
        "pictures": "Pictures",
        "cluster": "On a cluster",
    },
    "Look up": {
        "commands": "Commands",
        "keys": "Keys of YAML",
        "training": "Optimizers and schedules",
        "columns": "Columns",
        "python": "Python",
        "hostile_input": "Limits of input",
    },
    "Understand": {
        "theory": "What is computed",
        "promises": "What is promised",
        "nothing_lost": "Nothing lost",
        "benchmarks": "Speed and accuracy",
        "testing": "How it is tested",
        "architecture": "Architecture",
    },
    "Take part": {
        "contributing": "Contributing",
        "changelog": "Changelog",
        "data_sources": "Data and their sources",
    },
}
"""The navigation: pages, and what it calls them. A page that is not in it is an error."""

ABOVE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "data/README.md": "data_sources.md",
}
"""Pages that do not lie in docs, and what they are called on the site."""
