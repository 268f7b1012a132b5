-- What the worklist is sorted by. Each index has the very expression of its sort in services/decisions/views.py.
CREATE INDEX case_by_arrival ON register_version
    ((coalesce(document ->> 'arrived_on', '~') COLLATE "C"), key, from_position) WHERE register = 'cases';
CREATE INDEX case_by_deadline ON register_version
    ((coalesce(document ->> 'next_deadline', '~') COLLATE "C"), key, from_position) WHERE register = 'cases';
CREATE INDEX case_by_association ON register_version
    ((coalesce(document ->> 'association_name', '~') COLLATE "C"), key, from_position) WHERE register = 'cases';
CREATE INDEX case_by_ranking ON register_version
    ((coalesce((document ->> 'ranking_hundredths')::bigint, -1)), key, from_position) WHERE register = 'cases';
