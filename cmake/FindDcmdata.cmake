# DCMTK's libraries that read DICOM files, and no more of it, as Dcmdata::Dcmdata.
find_path(Dcmdata_INCLUDE_DIR dcmtk/dcmdata/dcdatset.h)
find_library(Dcmdata_LIBRARY dcmdata)
find_library(Dcmdata_LOG_LIBRARY oflog)
find_library(Dcmdata_STD_LIBRARY ofstd)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Dcmdata
  REQUIRED_VARS Dcmdata_LIBRARY Dcmdata_LOG_LIBRARY Dcmdata_STD_LIBRARY Dcmdata_INCLUDE_DIR)
if(Dcmdata_FOUND AND NOT TARGET Dcmdata::Dcmdata)
  add_library(Dcmdata::Dcmdata INTERFACE IMPORTED)
  target_include_directories(Dcmdata::Dcmdata SYSTEM INTERFACE "${Dcmdata_INCLUDE_DIR}")
  target_link_libraries(Dcmdata::Dcmdata INTERFACE "${Dcmdata_LIBRARY}" "${Dcmdata_LOG_LIBRARY}" "${Dcmdata_STD_LIBRARY}")
endif()
mark_as_advanced(Dcmdata_INCLUDE_DIR Dcmdata_LIBRARY Dcmdata_LOG_LIBRARY Dcmdata_STD_LIBRARY)
