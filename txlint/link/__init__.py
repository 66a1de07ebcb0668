"""Names to definitions, receivers to classes, calls to callees, over the whole project.

A function is *replayed*: its body is walked once for each class of receiver, and what it calls is noted with what is open then (a
`Flow`). `program.link` replays in rounds what a transaction may reach; all else answers questions that a replay asks. In the order in
which to read them:

**The project** `project` definitions and bindings · `names` what a name stands for · `classes` MRO and where an attribute comes from ·
`values` the atoms that an expression may be · `members` ``x.name`` · `properties` · `typehints` · `generic` type variables · `types` the
catalog's type expressions

**A replay** `linker` what a run knows so far, with all that is kept · `replay` one body · `statements` · `expressions` · `branches` where
ways part and meet · `guards` what tests say · `entering` ``with`` · `program` the rounds

**A call** `calls` the one entry · `site` what is gathered of it · `builtin` Python's own · `library` by the catalog, `conditions` its
``when`` · `targets` who is run · `passing` what it is given · `substitution` what it gives back · `holding` and `iterated` what
containers and querysets give · `decorate` what decorators have made of it · `started` what runs beside it · `misuse` what does not do
what it says

**Transactions and sessions** `seeds` where to start · `near` who may hold a session at all · `entrances` who comes in with one open ·
`opening` what opens and closes · `held` and `alike` which session an object holds, and by which names · `retrying` loops that try again

**At a distance** `signals` · `kept` what one piece of code puts somewhere and another calls: `putting`, and under which key: `keyed`,
`chosen` · `taught` the project's own tables

**Is the way there at all?** Tests on it are held against what is known: `settled` flags of instances, `unset` attributes just after the
constructor, `constructed` and `changes` fields of rows, `carried` attributes of arguments, `unpassed` and `together` parameters,
`something`, `having`, `grown`, `texts` values, `uses` what a function does to a name, `uploads` files that a save writes"""
