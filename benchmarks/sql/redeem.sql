\set member random(:first, :last)
\set reward random(1, 100)
SELECT reference.redeem(:member, :reward);
