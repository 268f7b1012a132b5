-- What few of many are looked up by in registers.
CREATE INDEX case_of_association ON register_version ((document ->> 'association_id'), key, from_position)
    WHERE register = 'cases';
CREATE INDEX case_of_officer ON register_version ((document ->> 'officer'), key, from_position) WHERE register = 'cases';
CREATE INDEX case_of_call ON register_version ((document ->> 'call_id'), key, from_position) WHERE register = 'cases';
CREATE INDEX case_of_state ON register_version ((document ->> 'state'), key, from_position) WHERE register = 'cases';
CREATE INDEX aid_of_association ON register_version ((document ->> 'association_id'), key, from_position)
    WHERE register = 'de_minimis';
