-- The indexes of the worklist's orders with the position up to which a version stood. A case had many versions before
-- the one that stands, most with an earlier deadline or no points, and they came first on every page: now they are passed
-- over in the index without being read. Names stand in the order of the Finnish alphabet, whatever their case.
DROP INDEX case_by_arrival;
DROP INDEX case_by_deadline;
DROP INDEX case_by_association;
DROP INDEX case_by_ranking;
CREATE INDEX case_by_arrival ON register_version
    ((coalesce(document ->> 'arrived_on', '~') COLLATE "C"), key, from_position,
     (coalesce(to_position, 9223372036854775807))) WHERE register = 'cases';
CREATE INDEX case_by_deadline ON register_version
    ((coalesce(document ->> 'next_deadline', '~') COLLATE "C"), key, from_position,
     (coalesce(to_position, 9223372036854775807))) WHERE register = 'cases';
CREATE INDEX case_by_association ON register_version
    ((coalesce(translate(lower((document ->> 'association_name') COLLATE "C"), 'ÅÄÖåäö', '{|}{|}'), '~') COLLATE "C"),
     key, from_position,
     (coalesce(to_position, 9223372036854775807))) WHERE register = 'cases';
CREATE INDEX case_by_ranking ON register_version
    ((coalesce((document ->> 'ranking_hundredths')::bigint, -1)), key, from_position,
     (coalesce(to_position, 9223372036854775807))) WHERE register = 'cases';
-- A case is asked for by the diary number that letters about it bear.
CREATE INDEX case_of_diary_number ON register_version ((document ->> 'diary_number'), key, from_position)
    WHERE register = 'cases';
-- How common a value is says whether a page of an order is found by the order's index or by that of the look-up. The
-- database gathers that of an expression of its own: what it knows of a partial index it does not use for it.
CREATE STATISTICS case_diary_number ON (document ->> 'diary_number') FROM register_version;
CREATE STATISTICS case_association ON (document ->> 'association_id') FROM register_version;
CREATE STATISTICS case_officer ON (document ->> 'officer') FROM register_version;
CREATE STATISTICS case_call ON (document ->> 'call_id') FROM register_version;
CREATE STATISTICS case_state ON (document ->> 'state') FROM register_version;
