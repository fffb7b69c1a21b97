// EXPECT: {"status": "ERROR", "message": "no tests", "tests": {}}
