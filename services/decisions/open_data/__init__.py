"""Open data (*avoin data*): what anyone may read of grants, without a token.

A decision of an authority is public once it is signed, and a document that came to it once it arrived (Act on the
Openness of Government Activities 621/1999, sections 1, 6 and 7). Tutkiavustuksia.fi publishes an organisation's name,
region, purpose and sum, and for organisations the rejections too; so does this. Its duty binds state authorities: a
county publishes by its own choice, and in the same form.

What is never read here, and so cannot be shown: the account, officers and decision makers, points, and reasons. The
reasons of a rejection are public on request; as a file for everyone they would put what an officer found wanting in an
organisation before readers who do not see the application that it answers. The applicant's purpose is free text: what
looks like an account, a personal identity code, an e-mail address or a mobile number in it is masked (`masking`); a
name written in it is not recognised.

Everything is as of a position of the ledger, so that the same address gives the same rows again.
"""

from .api import OPEN_PATHS, open_router

__all__ = ["OPEN_PATHS", "open_router"]
