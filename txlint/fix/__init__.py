"""Rewriting: the libcst side of txlint, loaded only when something is suggested or fixed.

In: findings, bytes and what the engine knows. Out: `Fix` for each finding, `FilePlan` for each file, and, on demand, files on disk."""

from txlint.fix.case import Project as Project
from txlint.fix.meanings import DeferralMeaning as DeferralMeaning
from txlint.fix.meanings import EffectMeaning as EffectMeaning
from txlint.fix.meanings import FileMeanings as FileMeanings
from txlint.fix.meanings import Meanings as Meanings
from txlint.fix.meanings import OpenerMeaning as OpenerMeaning
from txlint.fix.plan import FilePlan as FilePlan
from txlint.fix.plan import OpenFile as OpenFile
from txlint.fix.plan import Opening as Opening
from txlint.fix.plan import Proposal as Proposal
from txlint.fix.plan import diff as diff
from txlint.fix.plan import open_file as open_file
from txlint.fix.plan import plan as plan
from txlint.fix.plan import suggest as suggest
from txlint.fix.source import Refused as Refused
from txlint.fix.source import span_of_pos as span_of_pos
from txlint.fix.walk import flags as flags
from txlint.fix.write import Outcome as Outcome
from txlint.fix.write import apply as apply
from txlint.fix.write import only_one as only_one
