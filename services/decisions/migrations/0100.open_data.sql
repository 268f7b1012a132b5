-- What the public reads of grants: decided cases in the order of decision as of any position, and transfers of a year.
-- Only versions of a case since its decision stand in the first index, so preparation pays nothing for it.

CREATE INDEX decided_case ON register_version ((document ->> 'decided_on') COLLATE "C", key)
    WHERE register = 'cases' AND document ->> 'decided_on' IS NOT NULL;
CREATE INDEX event_of_transfer ON event (recorded_at) WHERE type = 'case.transferred';
